/*
 * The session protocol between two ends, over connections that break. README.md beside this file says what is
 * modelled and what is not. An atomic step is what an end does in one turn of its event loop; e is an end.
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
#ifndef DOOMS           /* at most that many of: retention or retrying runs out, tombstone forgotten, restart */
#define DOOMS 0
#endif
#ifndef CLOSERS         /* users who close: 1 the client's, 2 the server's, 3 both */
#define CLOSERS 0
#endif
#ifndef STOPPERS        /* users who may stop consuming for good, likewise */
#define STOPPERS 0
#endif

#define CLIENT 0
#define SERVER 1
#define PEER (1 - e)
#define NONE 255
#define DIALS (BREAKS + 1)
#define MESSAGES(e) (e == CLIENT -> CLIENT_MESSAGES : SERVER_MESSAGES)

mtype:frame = { hello_new, hello_resume, welcome, reject, data, ack, close, fin }
mtype:life = { unknown, fresh, open, closed, lost, stale }
mtype:carriage = { whole, broken, ended }

/* What e sends on connection k is in wire[2 * k + e]. There is no connection 0. */
chan wire[10] = [WIRE] of { mtype:frame, byte, byte }
mtype:carriage carrier[5] = whole

/* The session of e. S, A: what it sent, and knows to be consumed. R, C: what it received, and its user consumed. */
mtype:life state[2]
byte S[2]
byte A[2]
byte R[2]
byte C[2]
byte final[2] = NONE    /* the peer's last S, from its CLOSE */
bit closing[2]          /* the user has closed */

/* The connection of e. */
byte cur[2]             /* its number, or 0 */
bit attached[2]         /* WELCOME was sent or heard on it */
byte next[2]            /* the number of the next data frame on it */
byte told[2] = NONE     /* the C of the last ACK on it */
bit close_sent[2]
bit partial[2]          /* a part of a frame was received */

byte dials              /* connections so far; the k-th has epoch k */
byte epoch              /* the last one that the server accepted */
byte breaks             /* what may still happen */
byte dooms

/* What no end knows: only for the properties, and for what users do. */
byte eaten[2]           /* what the users of this end have consumed, before a restart and after it */
byte heard[2]           /* the highest C that the peer told */
byte appetite[2]        /* what the user will consume */
bit doomed

mtype:frame type        /* what was read last */
byte x
byte y
byte k

#define LIVE(e) (state[e] == open)
#define OUT(e) wire[2 * cur[e] + e]
#define IN(e) wire[2 * cur[e] + 1 - e]
/* What is written after the peer has left has no effect that outlives the connection; so it is not written. */
#define WRITABLE(e) ((attached[e] || MAY_SEND_UNATTACHED(e)) && carrier[cur[e]] == whole && len(OUT(e)) < WIRE)
#define SAID_ALL(e) (told[e] == C[e] && close_sent[e])
#define ALL_DONE(e) (closing[e] && A[e] == S[e] && final[e] == C[e])

#include "properties.pml"
#include "bugs.pml"
#include "both-ends.pml"
#include "client.pml"
#include "server.pml"

init {
  atomic {
    state[CLIENT] = fresh;
    state[SERVER] = unknown;
    select(breaks : 0 .. BREAKS);
    select(dooms : 0 .. DOOMS);
    appetite[CLIENT] = SERVER_MESSAGES;
    appetite[SERVER] = CLIENT_MESSAGES;
    if
    :: STOPPERS & 1 -> select(k : 0 .. SERVER_MESSAGES); appetite[CLIENT] = k
    :: else
    fi;
    if
    :: STOPPERS & 2 -> select(k : 0 .. CLIENT_MESSAGES); appetite[SERVER] = k
    :: else
    fi;
    k = 0;
    run session(CLIENT);
    run session(SERVER)
  }
  timeout -> MUST(progress, GOOD_END)
}
