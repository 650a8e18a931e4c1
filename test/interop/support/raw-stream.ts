import type { TestContext } from 'node:test'
import type { ConnectError } from '../../../src/errors.ts'
import { resolveConnectOptions, resolveListenOptions } from '../../../src/options.ts'
import { parseAddress } from '../../../src/transport/address.ts'
import type { ByteStream, ByteStreamSink } from '../../../src/transport/byte-stream.ts'
import { transportFor } from '../../../src/transport/schemes.ts'
import { within } from '../../support/waiting.ts'

/** How a byte stream ended for the one that counts it: cleanly if there is no error. */
export interface Count {
  readonly bytes: number
  /** The values of the bytes that came. */
  readonly values: ReadonlySet<number>
  readonly ended: boolean
  readonly error: ConnectError | undefined
}

/** Takes what comes, whatever it is, and ends behind the other end's end. */
class CountingSink implements ByteStreamSink {
  readonly count: Promise<Count>
  readonly #stream: ByteStream
  readonly #values = new Set<number>()
  #bytes = 0
  #ended = false
  #settle!: (count: Count) => void

  constructor(stream: ByteStream) {
    this.#stream = stream
    this.count = new Promise(resolve => {
      this.#settle = resolve
    })
  }

  onData(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    for (const value of chunk) this.#values.add(value)
  }

  room(): undefined {}

  onEnd(): void {
    this.#ended = true
    setImmediate(() => this.#stream.end())
  }

  onWritten(): void {}
  onSpoilt(error: ConnectError): void {
    throw error
  }

  onFinish(): void {}

  onClose(error?: ConnectError): void {
    this.#settle({ bytes: this.#bytes, values: this.#values, ended: this.#ended, error })
  }
}

/** Listens without the frames above; what the first peer sends is counted. */
export async function countFirst(
  t: TestContext,
  address: string,
): Promise<{ address: string; count: Promise<Count> }> {
  const parsed = parseAddress(address)
  const transport = await transportFor(parsed, false)
  const { promise, resolve } = first<Count>()
  const listener = await within(
    transport.bind(parsed, resolveListenOptions(), {
      onStream: stream => resolve(counted(t, stream)),
      onRejected: () => {},
    }),
  )
  t.after(() => listener.close())
  return { address: listener.address, count: promise }
}

/** Connects without the frames above; what the peer sends is counted. */
export async function dialRaw(
  t: TestContext,
  address: string,
): Promise<{ stream: ByteStream; count: Promise<Count> }> {
  const parsed = parseAddress(address)
  const transport = await transportFor(parsed, false)
  const stream = await within(transport.dial(parsed, resolveConnectOptions()))
  return { stream, count: counted(t, stream) }
}

function counted(t: TestContext, stream: ByteStream): Promise<Count> {
  const sink = new CountingSink(stream)
  let closed = false
  void sink.count.then(() => {
    closed = true
  })
  t.after(() => {
    if (!closed) stream.reset(false)
  })
  stream.open(sink)
  return sink.count
}

function first<T>(): { promise: Promise<T>; resolve: (value: Promise<T>) => void } {
  let resolve!: (value: Promise<T>) => void
  const promise = new Promise<T>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}
