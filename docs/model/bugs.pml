/* What the protocol says, and with -DBUG_name what it must not say. Bugs 1 to 8 are those of others. */

/* 1. NEW or RESUME is guessed: who has received nothing must be new. */
#ifdef BUG_GUESSED_NEW
#define GUESSED_NEW(received) (received == 0)
#else
#define GUESSED_NEW(received) false
#endif

/* 2. Any HELLO takes over, however late. */
#ifdef BUG_EPOCH_UNCHECKED
#define TOO_LATE false
#else
#define TOO_LATE (k <= epoch)
#endif

/* 3. The client sends data behind HELLO, from what was confirmed last. */
#ifdef BUG_EARLY_DATA
#define MAY_SEND_UNATTACHED(e) (e == CLIENT && cur[e] != 0)
#define FIRST_UNATTACHED (A[CLIENT] + 1)
#else
#define MAY_SEND_UNATTACHED(e) false
#define FIRST_UNATTACHED 0
#endif

/* 4. R is told before the old connection is given up. The listener goes on reading that for a while. */
#ifdef BUG_EARLY_R
byte old
#define DETACH_OLD old = cur[SERVER]; FORGET_TOLD(SERVER); FORGET_CLOSE(SERVER)
active proctype old_connection() {
  do
  :: atomic { old != 0 && wire[2 * old]?[data, _, _, _] ->
    wire[2 * old]?type, x, y, z;
    MUST(order, x == R[SERVER] + 1);
    R[SERVER]++;
    type = 0; x = 0; y = 0; z = 0 }
  :: old != 0 -> old = 0
  od
}
#else
#define DETACH_OLD leave(SERVER)
#endif

/* 4, the other half. The part of a frame that came before a break is kept, and the replayed frame put behind it. */
#ifdef BUG_PARTIAL_KEPT
#define DROP_PARTIAL(e) skip
#else
#define DROP_PARTIAL(e) partial[e] = 0
#endif

/* 5. What is received is confirmed, consumed or not. */
#ifdef BUG_RECEIPT_CONFIRMED
#define CONFIRMABLE(e) R[e]
#else
#define CONFIRMABLE(e) C[e]
#endif

/* 6. Replay starts behind what was confirmed, not behind what was received. */
#ifdef BUG_REPLAY_FROM_A
#define RESUME_AT(e, received) (A[e] + 1)
#else
#define RESUME_AT(e, received) ((received) + 1)
#endif

/* 7. CLOSE is sent before all that is to be sent again, and so has another position than S. */
#ifdef BUG_CLOSE_BEFORE_REPLAY
#define ALL_SENT(e) true
#else
#define ALL_SENT(e) (next[e] > S[e])
#endif

/* 8. At the bound the oldest message is dropped to make room. */
#ifdef BUG_EVICTION
#define HAS_ROOM(e) true
#define OLDEST_KEPT(e) (S[e] > WINDOW -> S[e] - WINDOW + 1 : 1)
#define FRAME_TO_SEND(e) (next[e] < OLDEST_KEPT(e) -> OLDEST_KEPT(e) : next[e])
#else
#define HAS_ROOM(e) (S[e] - A[e] < WINDOW)
#define FRAME_TO_SEND(e) next[e]
#endif

/* A new session is shown as soon as its HELLO has come. */
#ifdef BUG_SHOWN_AT_ONCE
#define SHOW_AT_ONCE reveal(k); cur[SERVER] = k; attached[SERVER] = 1; next[SERVER] = 1; told[SERVER] = 0
#else
#define SHOW_AT_ONCE skip
#endif

/* The R that a new connection begins with is taken for a confirmation. */
#ifdef BUG_R_CONFIRMS
#define R_CONFIRMS true
#else
#define R_CONFIRMS false
#endif

/* No ACK is sent after attaching, so the flags that a break took are never repeated. */
#ifdef BUG_NO_ACK_AFTER_ATTACHING
#define FORGET_TOLD(e) skip
#else
#define FORGET_TOLD(e) told[e] = NONE
#endif

/* Data or CLOSE goes before the first ACK on a connection, so nobody compares positions before the replay. */
#ifdef BUG_DATA_BEFORE_ACK
#define ACK_WAS_FIRST(e) true
#else
#define ACK_WAS_FIRST(e) (told[e] != NONE || MAY_SEND_UNATTACHED(e))
#endif

/* CLOSE is sent once, and not again after a break. */
#ifdef BUG_CLOSE_ONCE
#define FORGET_CLOSE(e) skip
#else
#define FORGET_CLOSE(e) close_sent[e] = 0
#endif

/* Flag 1 is said once. */
#ifdef BUG_FLAG_ONCE
#define SAYS_END(e) (END_CONSUMED(e) && !end_told[e])
#else
#define SAYS_END(e) END_CONSUMED(e)
#endif

/* The server is done when it has consumed all, and does not wait for flag 1. */
#ifdef BUG_DONE_TOO_EARLY
#define KNOWS_END(e) closing[e]
#else
#define KNOWS_END(e) end_heard[e]
#endif

/* Whichever end is the first to know says that it is done, and ends. */
#ifdef BUG_EITHER_IS_DONE
#define MAY_BE_DONE(e) true
#else
#define MAY_BE_DONE(e) (e == SERVER)
#endif

/* A session that has ended cleanly leaves no tombstone. */
#ifdef BUG_ENDED_FORGOTTEN
#define ANSWER_WHEN_OVER (state[SERVER] == closed -> unknown : given_up)
#else
#define ANSWER_WHEN_OVER (state[SERVER] == closed -> ended : given_up)
#endif

/* The C of a tombstone is not read. */
#ifdef BUG_TOMBSTONE_UNREAD
#define TOMBSTONE_C A[CLIENT]
#else
#define TOMBSTONE_C y
#endif

/* The C of a CLOSE with a code is not read. */
#ifdef BUG_CLOSE_UNREAD
#define CLOSE_C(e) A[e]
#else
#define CLOSE_C(e) x
#endif

/* After the session is lost, the user is still given what was received before. */
#ifdef BUG_CONSUMED_AFTER_LOSS
#define CONSUMES_AFTER_LOSS(e) (state[e] == lost && eaten[e] < R[e] && eaten[e] < appetite[e])
#else
#define CONSUMES_AFTER_LOSS(e) false
#endif

/* What counts as consumed since close() is not told until something else is to be said. */
#ifdef BUG_ARRIVALS_UNTOLD
#define IS_NEWS(e) (told[e] == NONE || told[e] != C[e] && !quit[e])
#else
#define IS_NEWS(e) (told[e] != CONFIRMABLE(e))
#endif

#if defined(BUG_COUNT_GOES_BACK) || defined(BUG_ARRIVALS_DROPPED)
byte had_read[2]
#define NOTE_READ(e) had_read[e] = C[e]
#else
#define NOTE_READ(e) skip
#endif

/* When there is no room for more since close(), what had counted as consumed does so no longer. */
#ifdef BUG_COUNT_GOES_BACK
#define COUNT_BACK(e) C[e] = (R[e] > appetite[e] -> had_read[e] : C[e])
#else
#define COUNT_BACK(e) skip
#endif

/* What has counted as consumed since close() is dropped when the session is lost. */
#ifdef BUG_ARRIVALS_DROPPED
#define DROP_ARRIVALS(e) eaten[e] = (quit[e] -> had_read[e] : eaten[e])
#else
#define DROP_ARRIVALS(e) skip
#endif
