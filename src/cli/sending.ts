import { ConnectDatagram, type Connection } from '../index.ts'
import { drain } from './client.ts'
import type { Progress } from './progress.ts'
import { Tally } from './tally.ts'

/** One transfer: pieces go out as datagrams, until there are no more, or the connection ends or breaks. */
export class Sending {
  /** What the connection has taken. Once it has closed cleanly, all of that is with the peer. */
  readonly sent = new Tally()
  readonly #connection: Connection
  readonly #recipient: number
  readonly #startedAt = performance.now()
  readonly #stop = new AbortController()
  #failure: unknown
  #skipped = 0
  #complete = false

  /** @param connection `allowHalfOpen`: a peer that ends must not end what is not sent yet */
  constructor(connection: Connection, recipient: number) {
    this.#connection = connection
    this.#recipient = recipient
    // A peer that ends takes nothing any more.
    drain(connection.reader).then(
      () => this.#stop.abort(),
      error => {
        this.#failure = error
        this.#stop.abort()
      },
    )
  }

  /** Empty pieces, which were not sent. */
  get skipped(): number {
    return this.#skipped
  }

  /** Whether every piece was sent. */
  get complete(): boolean {
    return this.#complete
  }

  get seconds(): number {
    return Math.round(performance.now() - this.#startedAt) / 1000
  }

  /**
   * Returns early when the peer has ended.
   *
   * @throws CliError or ConnectError if a piece cannot be read or sent, or the connection broke
   */
  async pump(
    piecesUntil: (stop: AbortSignal) => AsyncIterable<Uint8Array>,
    progress: Progress | undefined,
  ): Promise<void> {
    const stop = this.#stop.signal
    try {
      for await (const piece of piecesUntil(stop)) {
        if (piece.length === 0) this.#skipped++
        else await this.#send(piece)
        progress?.update(this.sent.bytes)
      }
      this.#complete = true
    } catch (error) {
      if (!stop.aborted) throw error
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  async #send(piece: Uint8Array): Promise<void> {
    const datagram = new ConnectDatagram(this.#recipient, piece)
    await this.#connection.writer.send(datagram, { signal: this.#stop.signal })
    this.sent.add(piece.length)
  }
}
