import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import { addressesOf, type SocketAddresses } from './socket-addresses.ts'
import type { SocketReads } from './socket-reads.ts'
import { resetSocket } from './socket-reset.ts'

/**
 * The TCP socket as the TLS layer is given it: every byte, but not its end.
 *
 * Node shows the end of the TCP stream and the `close_notify` alert as the same end, though only the alert proves
 * that nothing is missing (RFC 8446, section 6.1). With the end of the TCP stream kept back, an end of the TLS stream
 * can only come from the alert. It also lets us decide how the socket dies: see `handshakeDone`.
 */
export class TlsCarrier extends Duplex {
  readonly socket: Socket
  readonly addresses: SocketAddresses
  /** Called around the delivery of what has come, with what delivers it, until the handshake is done. */
  deliver: ((emit: () => void) => void) | undefined
  readonly #endIsClean: boolean
  #ended = false
  /** Whether destroying this refuses the peer, rather than ending what both have ended. */
  #refusing = true

  /**
   * @param endIsClean whether to pass the end of the TCP stream on after all
   * @throws ConnectError `CONNECTION_RESET` if the peer has broken the connection already
   */
  constructor(reads: SocketReads, endIsClean: boolean) {
    super({ allowHalfOpen: true, readableHighWaterMark: 256 * 1024 })
    const { socket } = reads
    this.socket = socket
    this.addresses = addressesOf('tls:', socket)
    this.#endIsClean = endIsClean
    this.on('error', ignore)
    socket
      .on('end', () => {
        this.#ended = true
        if (this.#endIsClean) this.push(null)
        else this.emit('carrierEnd')
      })
      .on('error', error => this.destroy(error))
      .on('close', () => this.destroy())
    reads.start({ onData: chunk => this.#push(chunk), room: () => undefined })
  }

  /** Whether the TCP stream has ended. */
  get carrierEnded(): boolean {
    return this.#ended
  }

  /**
   * From the end of the handshake on, destroying is what follows a clean end. Before that it refuses the peer: a
   * client of TLS 1.3 may then already believe that it is connected, and must get a reset.
   */
  handshakeDone(): void {
    this.#refusing = false
    this.deliver = undefined
  }

  #push(chunk: Uint8Array): void {
    if (!this.push(chunk)) this.socket.pause()
  }

  override emit(event: string, ...args: unknown[]): boolean {
    if (event !== 'data' || this.deliver === undefined) return super.emit(event, ...args)
    let heard = false
    this.deliver(() => {
      heard = super.emit(event, ...args)
    })
    return heard
  }

  override _read(): void {
    this.socket.resume()
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, done)
  }

  override _writev(chunks: { chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    const { socket } = this
    socket.cork()
    for (const [index, { chunk }] of chunks.entries()) {
      if (index < chunks.length - 1) socket.write(chunk)
      else socket.write(chunk, done)
    }
    socket.uncork()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.socket.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#refusing) resetSocket(this.socket)
    else this.socket.destroy()
    done(error)
  }
}

/** Destroys the TLS socket with an error if its carrier ends and no `close_notify` has come. */
export function failWithoutCloseNotify(tlsSocket: TLSSocket, carrier: TlsCarrier): void {
  const drained = (): boolean =>
    !tlsSocket.isPaused() && tlsSocket.readableLength === 0 && carrier.readableLength === 0
  const look = (): void => {
    if (!drained()) return
    // All that came has been decrypted and read. If the alert was among it, its end comes before the next turn.
    setImmediate(() => {
      if (tlsSocket.readableEnded || !drained()) return
      tlsSocket.destroy(
        new ConnectError(
          ConnectErrorCode.STREAM_TRUNCATED,
          'TLS stream was cut: it ended without a close_notify',
        ),
      )
    })
  }
  const watch = (): void => {
    // A last chunk that holds but a part of a record gives the TLS socket nothing to tell of.
    carrier.on('data', look)
    tlsSocket.on('data', look).on('resume', look)
    look()
  }
  if (carrier.carrierEnded) watch()
  else carrier.once('carrierEnd', watch)
}

function ignore(): void {}
