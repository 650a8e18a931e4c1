/** What one run measures. */
export interface Job {
  /** `flow`: messages one way, as fast as they go. `echo`: one message at a time, there and back. */
  readonly kind: 'flow' | 'echo'
  /** Data of one message. */
  readonly bytes: number
  /** Messages that are measured. */
  readonly count: number
  /** Messages before that, which are not. */
  readonly warmUp: number
  /** Where the receiver listens: `tcp`, `tls` or `unix`. */
  readonly medium: 'tcp' | 'tls' | 'unix'
}

/** What a receiver tells: when the measured messages began and ended, by its own clock. */
export interface Receiving {
  /** For the sender to connect to. */
  readonly address: string
  /** Milliseconds from the last message of the warm-up to the last message. */
  readonly elapsedMs: Promise<number>
}

/** One implementation under test. Its two functions run in two processes. */
export interface Peer {
  receive(job: Job): Promise<Receiving>
  /** Fulfils when all is sent, and its transport has it. An echo sender fulfils with the round trips in microseconds. */
  send(job: Job, address: string): Promise<Float64Array | undefined>
}
