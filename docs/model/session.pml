/*
 * The session protocol of PROTOCOL.md between two ends, over connections that break. README.md beside this file says
 * what is modelled and what is not. An atomic step is what an end does in one turn of its event loop; e is an end.
 */

#ifndef CLIENT_MESSAGES
#define CLIENT_MESSAGES 2
#endif
#ifndef SERVER_MESSAGES
#define SERVER_MESSAGES 2
#endif
#ifndef WINDOW          /* messages that may be sent and not confirmed */
#define WINDOW 2
#endif
#ifndef WIRE            /* frames that a connection holds in each direction */
#define WIRE 2
#endif
#ifndef BREAKS          /* at most that many */
#define BREAKS 2
#endif
#ifndef DOOMS           /* at most that many of what may cost the session; doom() names them */
#define DOOMS 0
#endif
#ifndef CLOSERS         /* users who end their sending: 1 the client's, 2 the server's, 3 both */
#define CLOSERS 0
#endif
#ifndef QUITTERS        /* users who end their reading with it, by close(), likewise */
#define QUITTERS 0
#endif
#ifndef STOPPERS        /* users who may stop reading for good, likewise */
#define STOPPERS 0
#endif

#define CLIENT 0
#define SERVER 1
#define PEER (1 - e)
#define NONE 255
#define FLAG_CONSUMED 1
#define FLAG_DONE 2
#define DIALS (BREAKS + 1)
#define MESSAGES(e) (e == CLIENT -> CLIENT_MESSAGES : SERVER_MESSAGES)
#define AMONG(users, e) ((users >> e) & 1)

mtype = { hello_new, hello_resume, welcome, reject, data, ack, close, close_lost }
mtype = { none, fresh, open, closed, lost }
mtype = { unknown, forbidden, ended, given_up }
mtype = { whole, broken, finished }

/*
 * What e sends on connection k is in wire[2 * k + e]. There is no connection 0. The fields are
 *   hello_resume, welcome      session, R, C
 *   reject                     code, C
 *   data                       number (for comparison only)
 *   ack, close, close_lost     C, position, flags; close_lost is CLOSE with a code
 */
chan wire[10] = [WIRE] of { mtype, byte, byte, byte }
mtype carrier[5] = whole

/* The session of e. S, A: what it sent, and knows to be consumed. R, C: what it received, and its user consumed. */
mtype state[2]
byte id[2]              /* the session's: the connection of the NEW that opened it */
byte S[2]
byte A[2]
byte R[2]
byte C[2]
bit closing[2]          /* the user sends no more */
bit quit[2]             /* the user has called close(): what arrives counts as consumed */
bit peer_ended[2]       /* the peer's CLOSE has come */
bit end_told[2]         /* flag 1 was said: all before it is consumed */
bit end_heard[2]        /* flag 1 was heard */

/* The connection of e. */
byte cur[2]             /* its number, or 0 */
bit attached[2]         /* WELCOME was sent or heard on it */
byte next[2]            /* the number of the next data frame on it */
byte told[2] = NONE     /* the C of the last control frame on it; NONE where one is due in any case */
bit close_sent[2]
bit partial[2]          /* a part of a frame was received */

/* The listener. Its session is the one whose client was heard again; of the others, there is a bit for each. */
byte unshown
bit shown               /* to accept() */
byte epoch              /* of the last HELLO that was accepted; the k-th connection has epoch k */
bit listening = 1

byte dials              /* connections so far */
byte breaks             /* what may still happen */
byte dooms

/* What no end knows: only for the properties, and for what users do. */
byte eaten[2]           /* what the users of this end have consumed, before a restart and after it */
byte heard[2]           /* the highest C that the peer told */
byte appetite[2]        /* what the user will read, or has room for */
bit doomed

mtype type              /* what was read last */
byte x
byte y
byte z
byte k

#define LIVE(e) (state[e] == open)
#define HAS_USER(e) (LIVE(e) && (e == CLIENT || shown))
#define OVER(e) (state[e] == closed || state[e] == lost)
#define OUT(e) wire[2 * cur[e] + e]
#define IN(e) wire[2 * cur[e] + 1 - e]
/* What is written after the peer has left has no effect that outlives the connection; so it is not written. */
#define WRITABLE(e) ((attached[e] || MAY_SEND_UNATTACHED(e)) && carrier[cur[e]] == whole && len(OUT(e)) < WIRE)
#define END_CONSUMED(e) (peer_ended[e] && C[e] == R[e])

#include "properties.pml"
#include "bugs.pml"
#include "both-ends.pml"
#include "client.pml"
#include "server.pml"

init {
  atomic {
    state[CLIENT] = fresh;
    state[SERVER] = none;
    select(breaks : 0 .. BREAKS);
    select(dooms : 0 .. DOOMS);
    appetite[CLIENT] = SERVER_MESSAGES;
    appetite[SERVER] = CLIENT_MESSAGES;
    if
    :: AMONG(STOPPERS, CLIENT) -> select(k : 0 .. SERVER_MESSAGES); appetite[CLIENT] = k
    :: else
    fi;
    if
    :: AMONG(STOPPERS, SERVER) -> select(k : 0 .. CLIENT_MESSAGES); appetite[SERVER] = k
    :: else
    fi;
    k = 0;
    run session(CLIENT);
    run session(SERVER)
  }
  timeout -> MUST(progress, GOOD_END)
}
