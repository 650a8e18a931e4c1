/* Only the client connects, and only it learns of a refusal. */
active proctype dialler() {
  do
  :: d_step { (LIVE(CLIENT) || state[CLIENT] == fresh) && cur[CLIENT] == 0 && dials < DIALS ->
    dials++;
    cur[CLIENT] = dials;
    next[CLIENT] = FIRST_UNATTACHED;
    type = (LIVE(CLIENT) -> hello_resume : hello_new);
    OUT(CLIENT)!type(dials, R[CLIENT]);
    type = 0 }
  :: atomic { cur[CLIENT] != 0 && !attached[CLIENT] && nempty(IN(CLIENT)) ->
    IN(CLIENT)?type, x, y;
    if
    :: type == welcome ->
      attach(CLIENT, y);
      state[CLIENT] = open
    :: type == reject && x == stale -> MUST(fencing, false)
    :: type == reject && x == unknown -> lose(CLIENT)
    :: else ->
      ALARM(A[CLIENT] <= y && y <= S[CLIENT]);
      heard[CLIENT] = y;
      A[CLIENT] = TOMBSTONE(y);
      check_direction(CLIENT);
      if
      :: x == closed -> finish(CLIENT)
      :: x == lost -> MUST(unconfirmed_set, y == eaten[SERVER]); lose(CLIENT)
      fi
    fi;
    type = 0; x = 0; y = 0 }
  :: atomic { CLIENT_ENDS_FIRST && LIVE(CLIENT) && ALL_DONE(CLIENT) && SAID_ALL(CLIENT) && WRITABLE(CLIENT) ->
    OUT(CLIENT)!fin(0, 0);
    carrier[cur[CLIENT]] = ended;
    finish(CLIENT) }
  :: atomic { (LIVE(CLIENT) || state[CLIENT] == fresh) && !attached[CLIENT] && dooms > 0 ->
    dooms--;
    doomed = 1;
    lose(CLIENT) }
  od
}
