import assert from 'node:assert/strict'
import type { ByteStream, ByteStreamSink } from '../../../src/transport/byte-stream.ts'
import { concat } from '../../frame/twin.ts'

interface Write {
  readonly segments: readonly Uint8Array[]
  /** What the segments held when they were written. */
  readonly bytes: Uint8Array
}

/**
 * A byte stream that does nothing by itself: it logs what the connection asks of it, checks that the contract is
 * kept, and the test plays the other end.
 */
export class ScriptedStream implements ByteStream {
  readonly localAddress = 'script://near'
  readonly remoteAddress = 'script://far'
  readonly tls = undefined
  /** Every call but `write`, in order. */
  readonly log: string[] = []
  /** Every write, in order. */
  readonly writes: Write[] = []
  /** What was said when the stream was reset. */
  resetMidFrame: boolean | undefined
  /** Whether the operating system takes what is written at once, when nothing is in flight. */
  takesAtOnce = false
  #sink: Partial<ByteStreamSink> | undefined
  #unacknowledged: Write[] = []
  #acknowledgedOfFirst = 0
  #ended = false
  #reset = false

  /** Who is told: for a writer that is tested without a connection. */
  constructor(sink?: Partial<ByteStreamSink>) {
    this.#sink = sink
  }

  /** What the connection would be told. */
  get sink(): Partial<ByteStreamSink> {
    return this.#sink!
  }

  set sink(sink: Partial<ByteStreamSink>) {
    this.#sink = sink
  }

  /** Everything that was written, as the bytes were then. */
  get bytes(): Uint8Array {
    return concat(this.writes.map(write => write.bytes))
  }

  /** The length of each write. */
  get lengths(): number[] {
    return this.writes.map(write => write.bytes.length)
  }

  /** Bytes that were written and not acknowledged. */
  get inFlight(): number {
    return this.#unacknowledged.reduce((sum, write) => sum + write.bytes.length, -this.#acknowledgedOfFirst)
  }

  open(sink: ByteStreamSink): void {
    assert.equal(this.log.length, 0, 'open comes first, and once')
    this.log.push('open')
    this.#sink = sink
  }

  write(segments: readonly Uint8Array[], byteLength: number): boolean {
    assert.ok(!this.#ended && !this.#reset, 'no write after end or reset')
    assert.ok(byteLength > 0 && segments.every(segment => segment.length > 0), 'no empty write')
    const write = { segments: [...segments], bytes: concat(segments) }
    assert.equal(write.bytes.length, byteLength)
    this.writes.push(write)
    if (this.takesAtOnce && this.#unacknowledged.length === 0) return true
    this.#unacknowledged.push(write)
    return false
  }

  end(): void {
    assert.ok(!this.#ended && !this.#reset, 'one end, and none after reset')
    this.#ended = true
    this.log.push('end')
  }

  pause(): void {
    this.log.push('pause')
  }

  resume(): void {
    this.log.push('resume')
  }

  reset(midFrame: boolean): void {
    assert.ok(!this.#reset, 'one reset')
    this.#reset = true
    this.resetMidFrame = midFrame
    this.log.push('reset')
  }

  /** The next bytes are with the operating system: all, or as many as said. Until now, they must not have changed. */
  acknowledge(byteLength: number = this.inFlight): void {
    this.checkUnchanged()
    let left = byteLength
    while (left > 0) {
      const rest = this.#unacknowledged[0]!.bytes.length - this.#acknowledgedOfFirst
      if (left < rest) {
        this.#acknowledgedOfFirst += left
        break
      }
      left -= rest
      this.#acknowledgedOfFirst = 0
      this.#unacknowledged.shift()
    }
    this.#sink?.onWritten?.(byteLength)
  }

  checkUnchanged(): void {
    for (const [i, { segments, bytes }] of this.#unacknowledged.entries()) {
      const skip = i === 0 ? this.#acknowledgedOfFirst : 0
      const now = concat(segments).subarray(skip)
      assert.ok(Buffer.from(now).equals(bytes.subarray(skip)), 'bytes changed before they were written')
    }
  }
}
