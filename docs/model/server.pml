inline forget_session() {
  S[SERVER] = 0;
  A[SERVER] = 0;
  R[SERVER] = 0;
  C[SERVER] = 0;
  final[SERVER] = NONE;
  closing[SERVER] = 0;
  heard[SERVER] = 0;
  epoch = 0
}

inline refuse(why, consumed) {
  if
  :: carrier[k] == whole ->
    wire[2 * k + 1]!reject(why, consumed);
    carrier[k] = ended
  :: else
  fi
}

inline welcome_on(received) {
  MUST(fencing, cur[SERVER] == 0 || cur[SERVER] != cur[CLIENT]);
  DETACH_OLD;
  cur[SERVER] = k;
  epoch = x;
  attach(SERVER, received);
  if
  :: carrier[k] == whole -> wire[2 * k + 1]!welcome(0, R[SERVER])
  :: else
  fi
}

#define HELLO_ON(n) (n <= dials && (wire[2 * (n)]?[hello_new, _, _] || wire[2 * (n)]?[hello_resume, _, _]))
#define HEARD_NOTHING (R[SERVER] == 0 && A[SERVER] == 0 && final[SERVER] == NONE)
#define LATE_HELLO_ON(n) (carrier[n] != whole && HELLO_ON(n))
#define LATE_HELLO (LATE_HELLO_ON(1) || LATE_HELLO_ON(2) || LATE_HELLO_ON(3) || LATE_HELLO_ON(4))

/* The table of sessions with its one entry, or the tombstone of it. */
active proctype listener() {
  do
  :: atomic { HELLO_ON(1) || HELLO_ON(2) || HELLO_ON(3) || HELLO_ON(4) ->
    if
    :: HELLO_ON(1) -> k = 1
    :: HELLO_ON(2) -> k = 2
    :: HELLO_ON(3) -> k = 3
    :: HELLO_ON(4) -> k = 4
    fi;
    wire[2 * k]?type, x, y;
    if
    :: state[SERVER] == unknown && IS_NEW ->
      MUST(fencing, state[CLIENT] == fresh || state[CLIENT] == lost);
      state[SERVER] = open;
      welcome_on(0)
    :: state[SERVER] == unknown && !IS_NEW -> refuse(unknown, 0)
    :: state[SERVER] != unknown && TOO_LATE -> refuse(stale, 0)
    :: LIVE(SERVER) && !TOO_LATE ->
      if
      :: REPLACES -> lose(SERVER); forget_session(); state[SERVER] = open
      :: else -> MUST(fencing, type != hello_new || HEARD_NOTHING)
      fi;
      welcome_on(y)
    :: else -> refuse(state[SERVER], C[SERVER])
    fi;
    type = 0; x = 0; y = 0; k = 0 }

  :: atomic { LIVE(SERVER) && ALL_DONE(SERVER) && cur[SERVER] != 0 && SAID_ALL(SERVER) && WRITABLE(SERVER) ->
    OUT(SERVER)!fin(0, 0);
    carrier[cur[SERVER]] = ended;
    finish(SERVER) }
  :: atomic { LIVE(SERVER) && ALL_DONE(SERVER) && (cur[SERVER] == 0 || carrier[cur[SERVER]] != whole) ->
    finish(SERVER) }

  /* Nobody will come back, so the retention time runs out for certain. */
  :: atomic { LIVE(SERVER) && cur[SERVER] == 0 && !ALL_DONE(SERVER) &&
    (state[CLIENT] == closed || state[CLIENT] == lost) ->
    lose(SERVER) }
  :: atomic { LIVE(SERVER) && cur[SERVER] == 0 && dooms > 0 ->
    dooms--;
    doomed = 1;
    lose(SERVER) }
  :: d_step { (state[SERVER] == closed || state[SERVER] == lost) && dooms > 0 && FORGETTABLE ->
    dooms--;
    doomed = 1;
    state[SERVER] = unknown;
    forget_session() }
  :: atomic { state[SERVER] != unknown && dooms > 0 && breaks > 0 ->
    dooms--;
    breaks--;
    doomed = 1;
    leave(SERVER);
    k = 1;
    do
    :: k <= dials ->
      drain(wire[2 * k]);
      if
      :: carrier[k] == whole -> carrier[k] = broken
      :: else
      fi;
      k++
    :: else -> break
    od;
    k = 0;
    state[SERVER] = unknown;
    forget_session() }
  od
}
