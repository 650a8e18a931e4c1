/*
 * Only the client connects, and only it learns of a refusal. A NEW is repeated by whoever calls connect() again. UNKNOWN
 * may come from a listener that never had the session: whether to try again is the client's choice,
 * as long as there is a connection for each break that may still come.
 */
active proctype dialler() {
  do
  :: d_step { (LIVE(CLIENT) || state[CLIENT] == fresh) && cur[CLIENT] == 0 && dials < DIALS && listening ->
    dials++;
    cur[CLIENT] = dials;
    next[CLIENT] = FIRST_UNATTACHED;
    if
    :: LIVE(CLIENT) -> OUT(CLIENT)!hello_resume(id[CLIENT], R[CLIENT], CONFIRMABLE(CLIENT))
    :: else -> OUT(CLIENT)!hello_new(0, 0, 0)
    fi }
  :: atomic { cur[CLIENT] != 0 && !attached[CLIENT] && nempty(IN(CLIENT)) ->
    IN(CLIENT)?type, x, y, z;
    if
    :: type == welcome ->
      id[CLIENT] = x;
      state[CLIENT] = open;
      attach(CLIENT, y, z)
    :: type == reject && x == forbidden -> MUST(fencing, false); lose(CLIENT)
    :: type == reject && x == unknown ->
      if
      :: dials + breaks < DIALS && listening -> leave(CLIENT)
      :: lose(CLIENT)
      fi
    :: type == reject && x == given_up -> lose_knowing(CLIENT, TOMBSTONE_C)
    :: type == reject && x == ended ->
      ALARM(end_told[CLIENT]);
      hear_consumed(CLIENT, y);
      finish(CLIENT)
    fi;
    type = 0; x = 0; y = 0; z = 0 }
  :: atomic { state[CLIENT] == fresh && !attached[CLIENT] && dooms > 0 -> doom(); lose(CLIENT) }
  /* Nobody listens, so the time for trying runs out for certain. */
  :: atomic { (LIVE(CLIENT) || state[CLIENT] == fresh) && cur[CLIENT] == 0 && !listening -> lose(CLIENT) }
  od
}
