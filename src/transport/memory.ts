import { aborted, ConnectError, ConnectErrorCode, rejectionOf } from '../errors.ts'
import type { ConnectSettings, ListenSettings } from '../options.ts'
import { type Address, addressError } from './address.ts'
import type { ByteStream, ByteStreamListener, ByteStreamListenerSink } from './byte-stream.ts'
import { memoryPair, UNNAMED } from './memory-stream.ts'

export const usesTls = false

/** Who listens, by name: to this transport what the table of ports is to TCP, and like it one for the process. */
const listeners = new Map<string, MemoryListener>()

/** `memory://name`: within the process, for tests and for programs whose parts may later be split up. */
export async function dial(address: Address, settings: ConnectSettings): Promise<ByteStream> {
  const name = nameOf(address)
  if (settings.signal?.aborted) throw aborted(`connecting to ${address.text}`, settings.signal.reason)
  const listener = listeners.get(name)
  if (listener === undefined) {
    throw new ConnectError(ConnectErrorCode.CONNECT_FAILED, `nobody listens on ${address.text}`)
  }
  return listener.connect()
}

export async function bind(
  address: Address,
  settings: ListenSettings,
  sink: ByteStreamListenerSink,
): Promise<ByteStreamListener> {
  const name = nameOf(address)
  if (settings.signal?.aborted) throw aborted(`listening on ${address.text}`, settings.signal.reason)
  if (listeners.has(name)) {
    throw new ConnectError(ConnectErrorCode.LISTEN_FAILED, `${address.text} is in use`)
  }
  const listener = new MemoryListener(name, settings.maxConnections, sink)
  listeners.set(name, listener)
  return listener
}

class MemoryListener implements ByteStreamListener {
  readonly address: string
  readonly #name: string
  readonly #maxConnections: number
  readonly #sink: ByteStreamListenerSink
  #open = 0

  constructor(name: string, maxConnections: number, sink: ByteStreamListenerSink) {
    this.address = `memory://${encodeURIComponent(name)}`
    this.#name = name
    this.#maxConnections = maxConnections
    this.#sink = sink
  }

  connect(): ByteStream {
    if (this.#open >= this.#maxConnections) {
      const message = `${this.address} turned a peer away: maxConnections is ${this.#maxConnections}`
      const full = new ConnectError(ConnectErrorCode.LISTENER_FULL, message)
      this.#sink.onRejected(rejectionOf(full, UNNAMED))
      throw new ConnectError(ConnectErrorCode.CONNECT_FAILED, message)
    }
    this.#open++
    const [near, far] = memoryPair(this.address, () => this.#open--)
    this.#sink.onStream(far)
    return near
  }

  async close(): Promise<void> {
    listeners.delete(this.#name)
  }
}

function nameOf({ host, port, path, text }: Address): string {
  if (host === '' || port !== undefined || (path !== '' && path !== '/')) {
    throw addressError(text, 'it should be memory:// and a name')
  }
  return host
}
