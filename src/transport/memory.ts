import { aborted, ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectSettings, ListenSettings } from '../options.ts'
import { type Address, addressError } from './address.ts'
import { Admission, type Place } from './admission.ts'
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
  const listener = new MemoryListener(name, settings, sink)
  listeners.set(name, listener)
  return listener
}

class MemoryListener implements ByteStreamListener {
  readonly address: string
  readonly #name: string
  readonly #admission: Admission
  readonly #sink: ByteStreamListenerSink

  constructor(name: string, settings: ListenSettings, sink: ByteStreamListenerSink) {
    this.address = `memory://${encodeURIComponent(name)}`
    this.#name = name
    this.#admission = new Admission(this.address, settings)
    this.#sink = sink
  }

  connect(): ByteStream {
    const place = this.#enter()
    const [near, far] = memoryPair(this.address, () => place.leave())
    place.established()
    this.#sink.onStream(far)
    return near
  }

  #enter(): Place {
    try {
      return this.#admission.enter({ ip: undefined, remoteAddress: UNNAMED })
    } catch (cause) {
      const { message } = cause as ConnectError
      this.#sink.onRejected(cause as ConnectError)
      throw new ConnectError(ConnectErrorCode.CONNECT_FAILED, message, { cause })
    }
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
