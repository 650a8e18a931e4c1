/* What the protocol says, and with -DBUG_name what it must not say. Bugs 1 to 8 are those of others. */

/* 1. NEW or RESUME is guessed: who has received nothing must be new. */
#ifdef BUG_GUESSED_NEW
#define IS_NEW (y == 0)
#else
#define IS_NEW (type == hello_new)
#endif

/* A NEW that is repeated, because WELCOME was lost, opens another session; the first is dropped. Bug 1 does that, too. */
#if defined(BUG_NEW_OPENS_ANOTHER) || defined(BUG_GUESSED_NEW)
#define REPLACES IS_NEW
#else
#define REPLACES false
#endif

/* 2. Any HELLO takes over, however late. */
#ifdef BUG_EPOCH_UNCHECKED
#define TOO_LATE false
#else
#define TOO_LATE (x <= epoch)
#endif

/* 3. The client sends data behind HELLO, from what was confirmed last. */
#ifdef BUG_EARLY_DATA
#define MAY_SEND(e) (LIVE(e) || state[e] == fresh)
#define MAY_SEND_UNATTACHED(e) (e == CLIENT && cur[e] != 0)
#define FIRST_UNATTACHED (A[CLIENT] + 1)
#else
#define MAY_SEND(e) LIVE(e)
#define MAY_SEND_UNATTACHED(e) false
#define FIRST_UNATTACHED 0
#endif

/* 4. R is told before the old connection is destroyed. The listener goes on reading it for a while. */
#ifdef BUG_EARLY_R
byte old
#define DETACH_OLD old = cur[SERVER]; FORGET_TOLD(SERVER); FORGET_CLOSE(SERVER)
active proctype old_connection() {
  do
  :: atomic { old != 0 && wire[2 * old]?[data, _, _] ->
    wire[2 * old]?type, x, y;
    MUST(order, x == R[SERVER] + 1);
    R[SERVER]++;
    type = 0; x = 0; y = 0 }
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

/* 7. CLOSE does not say where the end is, so it is taken to be here. */
#ifdef BUG_CLOSE_WITHOUT_S
#define FINAL(e, told_final) R[e]
#else
#define FINAL(e, told_final) told_final
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

/* No ACK is sent after attaching, so the one that a break took is never repeated. */
#ifdef BUG_NO_ACK_AFTER_ATTACHING
#define FORGET_TOLD(e) skip
#else
#define FORGET_TOLD(e) told[e] = NONE
#endif

/* CLOSE is sent once, and not again after a break. */
#ifdef BUG_CLOSE_ONCE
#define FORGET_CLOSE(e) skip
#else
#define FORGET_CLOSE(e) close_sent[e] = 0
#endif

/* The client ends as soon as it has all and has said so, and does not wait for the listener's end. */
#ifdef BUG_CLIENT_ENDS_FIRST
#define CLIENT_ENDS_FIRST true
#else
#define CLIENT_ENDS_FIRST false
#endif

/* The client does not look at what a refusal says of consumption. */
#ifdef BUG_TOMBSTONE_UNREAD
#define TOMBSTONE(consumed) A[CLIENT]
#else
#define TOMBSTONE(consumed) consumed
#endif

/* The R that a new connection begins with is taken for a confirmation. */
#ifdef BUG_R_CONFIRMS
#define R_CONFIRMS true
#else
#define R_CONFIRMS false
#endif

/* The tombstone is forgotten while a HELLO of the dead session may still arrive. */
#ifdef BUG_TOMBSTONE_TOO_SHORT
#define FORGETTABLE true
#else
#define FORGETTABLE (!LATE_HELLO)
#endif

/* Data or CLOSE goes before the first ACK on a connection, so nobody compares positions before the replay. */
#ifdef BUG_DATA_BEFORE_ACK
#define ACK_WAS_FIRST(e) true
#else
#define ACK_WAS_FIRST(e) (told[e] != NONE || MAY_SEND_UNATTACHED(e))
#endif

/* After the session is lost, the user is still given what was received before. */
#ifdef BUG_CONSUMED_AFTER_LOSS
#define CONSUMES_AFTER_LOSS(e) (state[e] == lost && eaten[e] < R[e] && eaten[e] < appetite[e])
#else
#define CONSUMES_AFTER_LOSS(e) false
#endif
