import { ConnectDatagram, type Connection } from '../index.ts'
import { drain } from './client.ts'
import { whenAborted } from './interrupt.ts'
import type { Progress } from './progress.ts'
import { Tally } from './tally.ts'

/** One transfer: pieces go out as datagrams, until there are no more, the peer ends, or the user stops it. */
export class Sending {
  /** What the connection has taken. Once it has closed cleanly, all of that is with the peer. */
  readonly sent = new Tally()
  readonly #connection: Connection
  readonly #recipient: number
  readonly #startedAt = performance.now()
  readonly #stop = new AbortController()
  #skipped = 0
  #complete = false

  constructor(connection: Connection, recipient: number, interrupt: AbortSignal) {
    this.#connection = connection
    this.#recipient = recipient
    const stop = (): void => this.#stop.abort()
    whenAborted(interrupt, stop)
    // Someone who ends, or fails, takes nothing any more. `close()` tells which it was.
    drain(connection.reader).then(stop, stop)
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

  /** @throws CliError or ConnectError if a piece cannot be read, or cannot be sent for another reason than a stop */
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
    } catch (error) {
      if (stop.aborted) return
      throw error
    }
    this.#complete = true
  }

  async #send(piece: Uint8Array): Promise<void> {
    const datagram = new ConnectDatagram(this.#recipient, piece)
    await this.#connection.writer.send(datagram, { signal: this.#stop.signal })
    this.sent.add(piece.length)
  }
}
