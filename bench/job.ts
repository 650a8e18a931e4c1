import type { Sample } from './figures.ts'

export type Medium = 'tcp' | 'tls' | 'unix' | 'sctp' | 'dtls-sctp'

/** What the connections of our own library go over. */
export interface Way {
  /** Where the receiver listens. */
  readonly medium: Medium
  /** Whether both ends have set `session`. */
  readonly session?: boolean
}

/** A way between the processes that is worse than loopback; `run/relay.ts` says how. For what goes over UDP. */
export type Link = 'narrow' | 'lossy'

/** Work that goes through one connection. */
export interface Job extends Way {
  /** `flow`: messages one way, as fast as they go. `echo`: one message at a time, there and back. */
  readonly kind: 'flow' | 'echo'
  /** Data of one message. */
  readonly bytes: number
  /** Messages that are measured. */
  readonly count: number
  /** Messages before that, which are not. */
  readonly warmUp: number
  readonly link?: Link
  /** The largest packet, for a peer that cannot find it out. */
  readonly packetBytes?: number
}

/** A flow to a reader that takes a datagram now and then. */
export interface SlowJob extends Job {
  readonly slowMs: number
  /** Whether the reader then takes the rest, as fast as it comes. */
  readonly drains: boolean
}

/** Many connections into one listener, all of which send as fast as they can, over TCP. */
export interface CrowdJob {
  readonly connections: number
  /** Data of one message. */
  readonly bytes: number
  /** From the last connection to the beginning of what is measured. */
  readonly warmUpMs: number
  readonly measuredMs: number
}

/** Connections that are opened and left alone. */
export interface IdleJob extends Way {
  readonly connections: number
  /** How many of them are open when the idle level is taken; they pay for what is paid once. */
  readonly first: number
}

/** Connections that are opened one after the other, each closed before the next; both ends show a certificate. */
export interface HandshakeJob {
  readonly medium: 'tls' | 'dtls-sctp'
  /** Connections that are measured. */
  readonly count: number
  /** Connections before that, which are not. */
  readonly warmUp: number
}

/** Over a long way, either a session whose connection is cut again and again, or one plain connection after the other. */
export interface ResumeJob extends Way {
  /** Cuts, or connections, that are measured. */
  readonly count: number
  /** Those before, which are not. */
  readonly warmUp: number
  /** How long it takes in each direction. */
  readonly oneWayMs: number
}

export interface Receiving {
  /** For the sender to connect to. */
  readonly address: string
  /** Fulfils with what the receiver has measured; never, if only the sender measures. */
  readonly figures: Promise<Sample>
}

/** One implementation under test. Its two functions run in two processes. */
export interface Peer<J> {
  receive(job: J): Promise<Receiving>
  /**
   * Connects, prepares what it will send, awaits `begin`, and sends. Fulfils with what it has measured when
   * its transport has been given everything.
   */
  send(job: J, address: string, begin: () => Promise<void>): Promise<Sample>
}
