import assert from 'node:assert/strict'
import type { Connection } from '../../src/index.ts'
import { assertNumbered, numbered, random } from '../support/data.ts'
import { sleep } from '../support/waiting.ts'

/** Messages that both ends send at the same time. */
export interface ExchangeOptions {
  readonly seed: number
  /** In each direction. */
  readonly messages: number
  /** How often the user of a reader stops reading for a while. */
  readonly pauses: number
  /** For so long at most. */
  readonly longestPauseMs: number
}

/** Messages both ways over a session: in order and exactly once, or an error says where not. */
export class Exchange {
  readonly #options: ExchangeOptions
  readonly #count: { received: number }

  /** @param count is told of each message that comes */
  constructor(options: ExchangeOptions, count: { received: number }) {
    this.#options = options
    this.#count = count
  }

  /** Sends and reads at both ends, and ends both directions. */
  async run(client: Connection, server: Connection): Promise<void> {
    await Promise.all([
      this.#send(client),
      this.#send(server),
      this.#receive(client, this.#options.seed),
      this.#receive(server, this.#options.seed + 1),
    ])
  }

  async #send({ writer }: Connection): Promise<void> {
    for (let i = 0; i < this.#options.messages; i++) await writer.send(numbered(i, sizeOf(i)))
    await writer.close()
  }

  async #receive({ reader }: Connection, seed: number): Promise<void> {
    const { messages, pauses, longestPauseMs } = this.#options
    const next = random(seed)
    let count = 0
    for await (const datagram of reader) {
      assertNumbered(datagram, count, sizeOf(count))
      count++
      this.#count.received++
      if (next() < pauses / messages) await sleep(next() * longestPauseMs)
    }
    assert.equal(count, messages, 'messages before the clean end')
  }
}

/** Mostly small ones, at times one that takes several reads. */
const sizeOf = (index: number): number => (index % 500 === 0 ? 20_000 : 1 + (index % 160))

/** What such a message takes on the wire, on the average. */
export const MEAN_FRAME_BYTES = 8 + 80 + 40
