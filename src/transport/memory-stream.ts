import { ConnectError, ConnectErrorCode } from '../errors.ts'
import { systemPlatform } from '../platform.ts'
import type { ByteStream, ByteStreamSink } from './byte-stream.ts'

/** The end that dialled has no name. */
export const UNNAMED = 'memory://'

/**
 * Two joined byte streams: the dialled end and the listener's. `onGone` is called once, when both are done.
 */
export function memoryPair(address: string, onGone: () => void): [near: ByteStream, far: ByteStream] {
  const near = new MemoryStream(UNNAMED, address)
  const far = new MemoryStream(address, UNNAMED)
  near.join(far, onGone)
  far.join(near, onGone)
  return [near, far]
}

/** What is on its way to an end: bytes, or the other end's end. */
type Parcel = Uint8Array | 'end'

/**
 * One end. What is written is copied at once, so that both ends own their bytes as they would across a network, and
 * delivered on the next turn of the event loop, while the other end does not pause.
 */
class MemoryStream implements ByteStream {
  readonly localAddress: string
  readonly remoteAddress: string
  readonly tls = undefined
  #peer!: MemoryStream
  #onGone!: () => void
  #sink: ByteStreamSink | undefined
  #inbox: Parcel[] = []
  #paused = false
  #turnAwaited = false
  #sentEnd = false
  #gone = false

  constructor(localAddress: string, remoteAddress: string) {
    this.localAddress = localAddress
    this.remoteAddress = remoteAddress
  }

  join(peer: MemoryStream, onGone: () => void): void {
    this.#peer = peer
    this.#onGone = onGone
  }

  open(sink: ByteStreamSink): void {
    this.#sink = sink
    this.#deliverSoon()
  }

  write(segments: readonly Uint8Array[], byteLength: number): boolean {
    const chunk = new Uint8Array(byteLength)
    let at = 0
    for (const segment of segments) {
      chunk.set(segment, at)
      at += segment.length
    }
    this.#peer.#post(chunk)
    return false
  }

  end(): void {
    this.#peer.#post('end')
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#deliverSoon()
  }

  reset(): void {
    if (this.#gone) return
    const error = new ConnectError(ConnectErrorCode.CONNECTION_RESET, 'connection was broken by the peer')
    systemPlatform.nextTurn(() => {
      this.#leave()
      this.#peer.#leave(error)
    })
  }

  #post(parcel: Parcel): void {
    if (this.#gone) return
    this.#inbox.push(parcel)
    this.#deliverSoon()
  }

  #deliverSoon(): void {
    if (this.#turnAwaited || this.#inbox.length === 0) return
    this.#turnAwaited = true
    systemPlatform.nextTurn(() => {
      this.#turnAwaited = false
      this.#deliver()
    })
  }

  #deliver(): void {
    const sink = this.#sink
    while (sink !== undefined && !this.#paused && !this.#gone) {
      const parcel = this.#inbox.shift()
      if (parcel === undefined) return
      if (parcel === 'end') this.#deliverEnd(sink)
      else {
        sink.onData(parcel)
        this.#peer.#sink?.onWritten(parcel.length)
      }
    }
  }

  #deliverEnd(sink: ByteStreamSink): void {
    this.#peer.#sentEnd = true
    sink.onEnd()
    this.#peer.#sink?.onFinish()
    if (!this.#sentEnd) return
    this.#leave()
    this.#peer.#leave()
  }

  #leave(error?: ConnectError): void {
    if (this.#gone) return
    this.#gone = true
    this.#inbox = []
    if (this.#peer.#gone) this.#onGone()
    this.#sink?.onClose(error)
  }
}
