import { createSocket, type Socket, type SocketOptions } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { selfError } from '../../node-errors.ts'
import type { PeerAddress } from '../endpoint/peer-address.ts'

/** What the operating system is asked to keep for a socket; it gives what it allows. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024

/** Datagrams that wait here because the operating system takes no more. Beyond, they are lost, as on a full link. */
const MOST_QUEUED_BYTES = 4 * 1024 * 1024

/** Addresses come as numbers; nothing is looked up for each datagram. */
const lookups: Readonly<Record<4 | 6, SocketOptions['lookup']>> = {
  4: (address, _, callback) => callback(null, address, 4),
  6: (address, _, callback) => callback(null, address, 6),
}

/** A UDP socket, bound to an address or connected to a peer. */
export class UdpSocket {
  readonly #socket: Socket
  #connected = false
  #closed = false
  onDatagram: ((datagram: Uint8Array, peer: PeerAddress) => void) | undefined
  /** The operating system reports what concerns the peer of a connected socket, such as that nobody is there. */
  onError: ((cause: Error) => void) | undefined

  private constructor(address: string) {
    const family = isIPv6(address) ? 6 : 4
    this.#socket = createSocket({ type: `udp${family}`, lookup: lookups[family] })
    this.#socket.on('error', cause => this.onError?.(cause))
    this.#socket.on('message', (datagram, peer) => {
      // Nobody can be answered at port 0 (RFC 768); Node would throw.
      if (peer.port !== 0) this.onDatagram?.(plain(datagram), peer)
    })
  }

  static bind(address: string, port: number): Promise<UdpSocket> {
    const socket = new UdpSocket(address)
    return socket.#ready(done => socket.#socket.bind({ address, port, exclusive: true }, done))
  }

  static async connect(address: string, port: number): Promise<UdpSocket> {
    const socket = new UdpSocket(address)
    await socket.#ready(done => socket.#socket.connect(port, address, done))
    socket.#connected = true
    if (socket.#isConnectedToItself) {
      socket.close()
      throw selfError(port)
    }
    return socket
  }

  get address(): PeerAddress {
    const { address, port } = this.#socket.address()
    return { address, port }
  }

  /** Of a connected socket; for one that was connected to any address of this machine, the one that it is. */
  get remoteAddress(): PeerAddress {
    const { address, port } = this.#socket.remoteAddress()
    return { address, port }
  }

  /** What the operating system keeps of what comes, in bytes with its own overhead. */
  get receiveBufferBytes(): number {
    return this.#socket.getRecvBufferSize()
  }

  /** Whether the operating system has all that was sent. */
  get isDrained(): boolean {
    return this.#closed || this.#socket.getSendQueueCount() === 0
  }

  send(datagram: Uint8Array, peer: PeerAddress): void {
    if (this.#closed || this.#socket.getSendQueueSize() > MOST_QUEUED_BYTES) return
    if (this.#connected) this.#socket.send(datagram)
    else this.#socket.send(datagram, peer.port, peer.address)
  }

  /** Does not keep the process running. */
  unref(): void {
    if (!this.#closed) this.#socket.unref()
  }

  ref(): void {
    if (!this.#closed) this.#socket.ref()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.close()
  }

  get #isConnectedToItself(): boolean {
    const { address, remoteAddress } = this
    return address.port === remoteAddress.port && address.address === remoteAddress.address
  }

  #ready(begin: (done: (cause?: Error) => void) => void): Promise<this> {
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void => {
        this.close()
        reject(cause)
      }
      this.onError = fail
      try {
        begin(cause => {
          if (cause !== undefined) return fail(cause)
          this.onError = undefined
          this.#enlarge()
          resolve(this)
        })
      } catch (cause) {
        fail(cause as Error)
      }
    })
  }

  #enlarge(): void {
    for (let bytes = SOCKET_BUFFER_BYTES; bytes >= 65_536; bytes /= 2) {
      try {
        this.#socket.setRecvBufferSize(bytes)
        this.#socket.setSendBufferSize(bytes)
        return
      } catch {}
    }
  }
}

/** The same bytes as no Buffer: parts of it cost less, and its `slice` copies. */
function plain(datagram: Uint8Array): Uint8Array {
  return new Uint8Array(datagram.buffer, datagram.byteOffset, datagram.byteLength)
}
