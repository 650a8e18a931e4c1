/* What both ends do alike. First what happens to a connection and a session, then the steps. */

inline drain(channel) {
  do
  :: nempty(channel) -> channel?_, _, _, _
  :: empty(channel) -> break
  od
}

/* An end gives up, a tombstone is forgotten, the listener is closed, the server restarts. */
inline doom() {
  dooms--;
  doomed = 1
}

inline cut(n) {
  if
  :: carrier[n] == whole -> carrier[n] = broken
  :: else
  fi
}

/* Gives up the connection of e with all that it holds. It may have broken in the middle of a frame. */
inline detach(e) {
  if
  :: IN(e)?[data, _, _, _] -> partial[e] = 1
  :: true
  fi;
  DROP_PARTIAL(e);
  drain(IN(e));
  cut(cur[e]);
  cur[e] = 0;
  attached[e] = 0;
  next[e] = 0;
  FORGET_TOLD(e);
  FORGET_CLOSE(e)
}

inline leave(e) {
  if
  :: cur[e] != 0 -> detach(e)
  :: else
  fi
}

inline lose(e) {
  MUST(cause, doomed);
  DROP_ARRIVALS(e);
  MUST(confirmation, A[PEER] <= eaten[e]);
  MUST(unconfirmed_set, A[e] <= eaten[PEER] && A[e] == heard[e]);
  MUST(empty_set, state[PEER] != closed || A[e] == S[e]);
  MUST(clean_close, e == CLIENT || state[CLIENT] != closed);
  state[e] = lost;
  leave(e)
}

/* The peer has said what it had consumed when it lost the session. */
inline lose_knowing(e, consumed) {
  ALARM(A[e] <= consumed && consumed <= S[e]);
  heard[e] = consumed;
  A[e] = consumed;
  MUST(unconfirmed_set, A[e] == eaten[PEER]);
  lose(e)
}

inline finish(e) {
  MUST(clean_close, closing[e] && A[e] == S[e] && eaten[PEER] == S[e]);
  MUST(clean_close, state[PEER] == none || closing[PEER] && eaten[e] == S[PEER]);
  MUST(clean_close, e == SERVER || state[SERVER] == none || state[SERVER] == closed);
  state[e] = closed;
  leave(e)
}

inline hear_consumed(e, count) {
  ALARM(A[e] <= count && count <= S[e]);
  heard[e] = count;
  A[e] = count;
  check_direction(e)
}

inline attach(e, received, consumed) {
  ALARM(consumed <= received && received <= S[e]);
  attached[e] = 1;
  hear_consumed(e, consumed);
  if
  :: R_CONFIRMS -> A[e] = received; check_direction(e)
  :: else
  fi;
  next[e] = RESUME_AT(e, received)
}

/* Behind close(), what arrives counts as consumed as far as there is room. */
inline count_arrived(e) {
  if
  :: quit[e] ->
    do
    :: C[e] < R[e] && C[e] < appetite[e] -> C[e]++; eaten[e]++
    :: else -> break
    od;
    COUNT_BACK(e)
  :: else
  fi
}

inline hear_end(e) {
  ALARM(closing[e] && A[e] == S[e]);
  if
  :: !end_heard[e] ->
    end_heard[e] = 1;
    if
    :: END_CONSUMED(e) -> told[e] = NONE
    :: else
    fi
  :: else
  fi
}

inline read_frame(e) {
  if
  :: type == data ->
    ALARM(!peer_ended[e]);
    MUST(order, x == R[e] + 1 && !partial[e]);
    R[e]++;
    count_arrived(e);
    check_direction(PEER)
  :: type == close_lost ->
    ALARM(y == R[e]);
    lose_knowing(e, CLOSE_C(e))
  :: else ->
    ALARM(y == R[e]);
    hear_consumed(e, x);
    if
    :: z & FLAG_CONSUMED -> hear_end(e)
    :: else
    fi;
    if
    :: type == close -> peer_ended[e] = 1; told[e] = NONE
    :: else
    fi;
    if
    :: z & FLAG_DONE -> ALARM(e == CLIENT && end_heard[e] && end_told[e]); finish(e)
    :: else
    fi
  fi
}

#define CLOSE_DUE(e) (closing[e] && !close_sent[e] && ALL_SENT(e))
#define IS_DONE(e) (MAY_BE_DONE(e) && KNOWS_END(e) && END_CONSUMED(e))
#define FLAGS(e) (SAYS_END(e) * FLAG_CONSUMED + IS_DONE(e) * FLAG_DONE)

/* ACK, or CLOSE in its place. With the last one the server is done. */
inline say(e) {
  type = (CLOSE_DUE(e) -> close : ack);
  OUT(e)!type(CONFIRMABLE(e), next[e] - 1, FLAGS(e));
  told[e] = CONFIRMABLE(e);
  close_sent[e] = (type == close -> 1 : close_sent[e]);
  end_told[e] = end_told[e] || END_CONSUMED(e);
  type = 0;
  if
  :: IS_DONE(e) -> carrier[cur[e]] = finished; finish(e)
  :: else
  fi
}

/* Gives up: the time for close(), for retention or for trying has run out. */
inline give_up(e) {
  doom();
  if
  :: attached[e] && WRITABLE(e) ->
    OUT(e)!close_lost(CONFIRMABLE(e), next[e] - 1, 0);
    carrier[cur[e]] = finished
  :: cur[e] != 0 && carrier[cur[e]] == whole && breaks > 0 -> breaks--
  :: !attached[e] || carrier[cur[e]] != whole
  fi;
  lose(e)
}

#define MAY_GIVE_UP(e) (!attached[e] || carrier[cur[e]] != whole || breaks > 0 || WRITABLE(e))
#define SENDS_MORE(e) (S[e] < MESSAGES(e) && !closing[e] && (e == CLIENT || shown))
#define IS_NEXT_NEW(e) (next[e] == S[e] + 1 && SENDS_MORE(e) && HAS_ROOM(e))

/* The user consumes and closes; then data, ACK and CLOSE; then a connection that breaks; then giving up. */
proctype session(byte e) {
  do
  :: atomic { LIVE(e) && C[e] < R[e] && C[e] < appetite[e] ->
    C[e]++;
    MUST(order, C[e] == eaten[e] + 1);
    eaten[e] = C[e] }
  :: CONSUMES_AFTER_LOSS(e) -> eaten[e]++
  :: d_step { HAS_USER(e) && !closing[e] && AMONG(CLOSERS, e) -> closing[e] = 1 }
  :: atomic { HAS_USER(e) && !quit[e] && AMONG(QUITTERS, e) ->
    closing[e] = 1;
    quit[e] = 1;
    NOTE_READ(e);
    if
    :: AMONG(STOPPERS, e) -> select(k : C[e] .. MESSAGES(PEER)); appetite[e] = k; k = 0
    :: else
    fi;
    count_arrived(e) }

  :: d_step { WRITABLE(e) && ACK_WAS_FIRST(e) && next[e] <= S[e] ->
    next[e] = FRAME_TO_SEND(e);
    OUT(e)!data(next[e], 0, 0);
    next[e]++ }
  :: atomic { WRITABLE(e) && ACK_WAS_FIRST(e) && IS_NEXT_NEW(e) ->
    S[e]++;
    check_direction(e);
    OUT(e)!data(next[e], 0, 0);
    next[e]++ }
  :: atomic { attached[e] && WRITABLE(e) && (IS_NEWS(e) || CLOSE_DUE(e)) -> say(e) }
  :: atomic { attached[e] && carrier[cur[e]] != whole && IS_DONE(e) -> finish(e) }

  :: atomic { attached[e] && nempty(IN(e)) ->
    IN(e)?type, x, y, z;
    shown = shown || e == SERVER;
    read_frame(e);
    type = 0; x = 0; y = 0; z = 0 }
  :: atomic { cur[e] != 0 && carrier[cur[e]] == finished && empty(IN(e)) -> detach(e) }
  :: atomic { cur[e] != 0 && (carrier[cur[e]] == broken || breaks > 0) ->
    if
    :: carrier[cur[e]] != broken -> breaks--
    :: else
    fi;
    if
    :: !attached[e] -> drain(OUT(e))
    :: true
    fi;
    detach(e) }
  :: atomic { LIVE(e) && dooms > 0 && MAY_GIVE_UP(e) -> give_up(e) }
  od
}
