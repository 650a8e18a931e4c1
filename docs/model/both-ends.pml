/* What both ends do alike. First what happens to a connection and a session, then the steps. */

inline drain(channel) {
  do
  :: nempty(channel) -> channel?_, _, _
  :: empty(channel) -> break
  od
}

/* Destroys the connection of e with all that it holds. It may have broken in the middle of a frame. */
inline detach(e) {
  if
  :: IN(e)?[data, _, _] -> partial[e] = 1
  :: true
  fi;
  DROP_PARTIAL(e);
  drain(IN(e));
  if
  :: carrier[cur[e]] == whole -> carrier[cur[e]] = broken
  :: else
  fi;
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
  MUST(unconfirmed_set, A[e] <= eaten[PEER] && A[e] == heard[e]);
  state[e] = lost;
  leave(e)
}

inline finish(e) {
  MUST(clean_close, A[e] == S[e] && eaten[PEER] == S[e]);
  MUST(clean_close, final[e] == NONE || final[e] == eaten[e]);
  MUST(clean_close, e == CLIENT || eaten[e] == S[PEER]);
  state[e] = closed;
  leave(e)
}

inline hear_consumed(e, count) {
  ALARM(A[e] <= count && count <= S[e]);
  heard[e] = count;
  A[e] = count;
  check_direction(e)
}

inline attach(e, received) {
  ALARM(A[e] <= received && received <= S[e]);
  attached[e] = 1;
  if
  :: R_CONFIRMS -> A[e] = received; check_direction(e)
  :: else
  fi;
  next[e] = RESUME_AT(e, received)
}

inline read_frame(e) {
  if
  :: type == data ->
    MUST(order, x == R[e] + 1 && !partial[e]);
    R[e]++;
    check_direction(PEER)
  :: type == ack ->
    ALARM(y == R[e]);
    hear_consumed(e, x)
  :: type == close ->
    ALARM(y == R[e]);
    final[e] = FINAL(e, x)
  :: type == fin ->
    if
    :: e == CLIENT && ALL_DONE(e) -> finish(e)
    :: else -> detach(e)
    fi
  fi
}

/* The user's sends, consumption and close, then data, ACK and CLOSE, then a connection that breaks. */
proctype session(byte e) {
  do
  :: atomic { MAY_SEND(e) && !closing[e] && S[e] < MESSAGES(e) && HAS_ROOM(e) ->
    S[e]++;
    check_direction(e) }
  :: atomic { LIVE(e) && C[e] < R[e] && C[e] < appetite[e] ->
    C[e]++;
    MUST(order, C[e] == eaten[e] + 1);
    eaten[e] = C[e] }
  :: CONSUMES_AFTER_LOSS(e) -> eaten[e]++
  :: d_step { LIVE(e) && !closing[e] && (CLOSERS & (1 << e)) -> closing[e] = 1 }

  :: d_step { WRITABLE(e) && next[e] <= S[e] && ACK_WAS_FIRST(e) ->
    next[e] = FRAME_TO_SEND(e);
    OUT(e)!data(next[e], 0);
    next[e]++ }
  :: d_step { WRITABLE(e) && attached[e] && told[e] != CONFIRMABLE(e) ->
    told[e] = CONFIRMABLE(e);
    OUT(e)!ack(told[e], next[e] - 1) }
  :: d_step { WRITABLE(e) && closing[e] && !close_sent[e] && ACK_WAS_FIRST(e) ->
    close_sent[e] = 1;
    OUT(e)!close(S[e], next[e] - 1) }

  :: atomic { attached[e] && nempty(IN(e)) ->
    IN(e)?type, x, y;
    read_frame(e);
    type = 0; x = 0; y = 0 }
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
  od
}
