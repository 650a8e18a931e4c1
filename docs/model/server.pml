inline forget_session() {
  id[SERVER] = 0;
  S[SERVER] = 0;
  A[SERVER] = 0;
  R[SERVER] = 0;
  C[SERVER] = 0;
  closing[SERVER] = 0;
  quit[SERVER] = 0;
  peer_ended[SERVER] = 0;
  end_told[SERVER] = 0;
  end_heard[SERVER] = 0;
  heard[SERVER] = 0;
  epoch = 0
}

inline refuse(why, consumed) {
  if
  :: carrier[k] == whole ->
    wire[2 * k + 1]!reject(why, consumed, 0);
    carrier[k] = finished
  :: else
  fi
}

/* A session is begun, and not shown yet. */
inline begin() {
  unshown = unshown | (1 << k);
  if
  :: carrier[k] == whole ->
    wire[2 * k + 1]!welcome(k, 0, 0);
    wire[2 * k + 1]!ack(0, 0, 0)
  :: else
  fi
}

/* The client is heard in the session that connection n began. What it says next shows that to accept(). */
inline reveal(n) {
  MUST(fencing, !shown);
  leave(SERVER);
  forget_session();
  unshown = unshown & ~(1 << n);
  state[SERVER] = open;
  id[SERVER] = n;
  epoch = n
}

inline go_on(received, consumed) {
  MUST(fencing, cur[SERVER] == 0 || cur[SERVER] != cur[CLIENT]);
  DETACH_OLD;
  cur[SERVER] = k;
  epoch = k;
  attach(SERVER, received, consumed);
  if
  :: carrier[k] == whole -> wire[2 * k + 1]!welcome(id[SERVER], R[SERVER], CONFIRMABLE(SERVER))
  :: else
  fi
}

inline resume(which, received, consumed) {
  if
  :: (unshown >> which) & 1 -> reveal(which); go_on(received, consumed)
  :: id[SERVER] == which && OVER(SERVER) && shown -> refuse(ANSWER_WHEN_OVER, C[SERVER])
  :: id[SERVER] == which && LIVE(SERVER) && TOO_LATE -> refuse(forbidden, 0)
  :: id[SERVER] == which && LIVE(SERVER) && !TOO_LATE ->
    if
    :: GUESSED_NEW(received) -> lose(SERVER); forget_session(); state[SERVER] = open; id[SERVER] = which
    :: else
    fi;
    go_on(received, consumed)
  :: else -> refuse(unknown, 0)
  fi
}

#define HELLO_ON(n) (n <= dials && (wire[2 * (n)]?[hello_new, _, _, _] || wire[2 * (n)]?[hello_resume, _, _, _]))
#define IS_UNSHOWN_ON(n) ((unshown >> (n)) & 1)
#define NEWS_ON(n) (IS_UNSHOWN_ON(n) && nempty(wire[2 * (n)]))

#define SOME(THING) (THING(1) || THING(2) || THING(3) || THING(4))
#define PICK(THING) \
  if \
  :: THING(1) -> k = 1 \
  :: THING(2) -> k = 2 \
  :: THING(3) -> k = 3 \
  :: THING(4) -> k = 4 \
  fi

/* Destroys what nobody has been shown: connections without HELLO, and sessions. */
inline clear_unshown(how) {
  for (k : 1 .. dials) {
    if
    :: HELLO_ON(k) || IS_UNSHOWN_ON(k) ->
      drain(wire[2 * k]);
      if
      :: carrier[k] == whole -> carrier[k] = how
      :: else
      fi
    :: else
    fi
  }
  k = 0;
  unshown = 0
}

/* The table of sessions. Tombstones are what is left of the one that was shown. */
active proctype listener() {
  do
  :: atomic { SOME(HELLO_ON) ->
    PICK(HELLO_ON);
    wire[2 * k]?type, x, y, z;
    if
    :: type == hello_new -> begin(); SHOW_AT_ONCE
    :: else -> resume(x, y, z)
    fi;
    type = 0; x = 0; y = 0; z = 0; k = 0 }

  /* A session that was not shown: the client is heard on its connection, or that breaks. */
  :: atomic { SOME(NEWS_ON) ->
    PICK(NEWS_ON);
    if
    :: reveal(k);
      cur[SERVER] = k;
      attached[SERVER] = 1;
      next[SERVER] = 1;
      told[SERVER] = 0
    :: carrier[k] == broken || breaks > 0 ->
      if
      :: carrier[k] != broken -> breaks--; carrier[k] = broken
      :: else
      fi;
      drain(wire[2 * k])
    fi;
    k = 0 }
  :: atomic { IS_UNSHOWN_ON(id[CLIENT]) && carrier[id[CLIENT]] != whole && dooms > 0 ->
    doom();
    drain(wire[2 * id[CLIENT]]);
    unshown = unshown & ~(1 << id[CLIENT]) }

  /* Nobody will come back, so the retention time runs out for certain; once the listener is closed, it is no time. */
  :: atomic { LIVE(SERVER) && cur[SERVER] == 0 && (OVER(CLIENT) || !listening) -> lose(SERVER) }
  :: atomic { OVER(SERVER) && dooms > 0 && listening ->
    doom();
    state[SERVER] = none;
    forget_session() }
  :: atomic { listening && dooms > 0 ->
    doom();
    listening = 0;
    clear_unshown(finished);
    if
    :: LIVE(SERVER) && !shown -> lose(SERVER)
    :: else
    fi }
  /* The server restarts. */
  :: atomic { dooms > 0 && breaks > 0 && listening ->
    doom();
    breaks--;
    leave(SERVER);
    clear_unshown(broken);
    for (k : 1 .. dials) { cut(k) }
    k = 0;
    state[SERVER] = none;
    forget_session() }
  od
}
