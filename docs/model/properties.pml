/* What must hold. A failure names its property; with -DONLY=name the others are passed over. */

mtype = { order, counters, fencing, confirmation, clean_close, unconfirmed_set, alarm, cause, memory, progress }
mtype = { empty_set }   /* no promise: README.md says why */

#ifdef ONLY
#define MATTERS(property) (property == ONLY)
#else
#define MATTERS(property) (property != empty_set)
#endif

#define MUST(property, holds) \
  if \
  :: (holds) || !MATTERS(property) \
  :: else -> printf("violated: "); printm(property); printf("\n"); assert(false) \
  fi

/* The checks that an end makes itself. Between two right ends they never fail. */
#ifdef ALARM_STOPS
#define ALARM(holds) if :: holds :: else -> x = 0; y = 0; z = 0; type = 0; k = 0; false fi
#else
#define ALARM(holds) MUST(alarm, holds)
#endif

#define COUNTERS_HOLD(e) (A[e] <= C[PEER] && C[PEER] <= R[PEER] && R[PEER] <= S[e])

/* Of the direction from e to its peer. The counters of both are compared only while both have the session. */
inline check_direction(e) {
  MUST(confirmation, A[e] <= eaten[PEER]);
  MUST(memory, S[e] - A[e] <= WINDOW);
  MUST(counters, !LIVE(e) || !LIVE(PEER) || COUNTERS_HOLD(e));
  MUST(memory, !LIVE(PEER) || R[PEER] - C[PEER] <= WINDOW)
}

/* What e sent is with the peer's user, and e knows. Nothing keeps e from sending but its own user or a full window. */
#define SETTLED(e, p) \
  (R[p] == S[e] && C[p] == (R[p] < appetite[p] -> R[p] : appetite[p]) && A[e] == C[p] && \
   (S[e] == MESSAGES(e) || closing[e] || S[e] - A[e] == WINDOW))

#define STILL_OPEN \
  (LIVE(CLIENT) && LIVE(SERVER) && shown && attached[CLIENT] && attached[SERVER] && cur[CLIENT] == cur[SERVER] && \
   SETTLED(CLIENT, SERVER) && SETTLED(SERVER, CLIENT))

#define MUST_HAVE_CLOSED \
  (closing[CLIENT] && closing[SERVER] && C[CLIENT] == S[SERVER] && C[SERVER] == S[CLIENT])

/* Where a run ends. No run is infinite (check.sh looks for cycles), so this is progress. */
#define GOOD_END ((OVER(CLIENT) && !LIVE(SERVER)) || (STILL_OPEN && !MUST_HAVE_CLOSED))
