import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { TestContext } from 'node:test'

export type Way = 'toServer' | 'toClient'

/** Takes a datagram on its way and hands on, by `pass`, what is to arrive: it, another, several or nothing. */
export type Treatment = (datagram: Buffer, way: Way, pass: (datagram: Uint8Array) => void) => void

/**
 * Stands between clients and a listener on UDP. To the listener all clients are one, at one address and port; each
 * client is sent whatever the listener sends. What is sent by `inject` comes from the peer's own address.
 */
export class UdpRelay {
  readonly #near: Socket
  readonly #far: Socket
  readonly #serverPort: number
  readonly #clients = new Set<number>()
  #isClosed = false

  /** A relay that is closed when the test is over. */
  static async open(
    t: TestContext,
    listenerAddress: string,
    treat: Treatment = (datagram, _, pass) => pass(datagram),
  ): Promise<UdpRelay> {
    const sockets = [await boundSocket(), await boundSocket()] as const
    const relay = new UdpRelay(...sockets, Number(new URL(listenerAddress).port), treat)
    t.after(() => relay.#close())
    return relay
  }

  private constructor(near: Socket, far: Socket, serverPort: number, treat: Treatment) {
    this.#near = near
    this.#far = far
    this.#serverPort = serverPort
    near.on('message', (datagram, { port }) => {
      this.#clients.add(port)
      treat(datagram, 'toServer', bytes => void this.inject(bytes, 'toServer'))
    })
    far.on('message', datagram => {
      treat(datagram, 'toClient', bytes => void this.inject(bytes, 'toClient'))
    })
  }

  /** What clients are to dial. */
  get address(): string {
    return `dtls-sctp://127.0.0.1:${this.#near.address().port}`
  }

  /** Sends a datagram untreated; fulfils when the operating system has it. */
  async inject(datagram: Uint8Array, way: Way): Promise<void> {
    if (this.#isClosed) return
    if (way === 'toServer') await send(this.#far, datagram, this.#serverPort)
    else for (const port of this.#clients) await send(this.#near, datagram, port)
  }

  #close(): void {
    this.#isClosed = true
    this.#near.close()
    this.#far.close()
  }
}

/** A UDP socket on loopback. */
export async function boundSocket(host = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1_048_576, sendBufferSize: 1_048_576 })
  socket.on('error', () => {})
  socket.bind(0, host)
  await once(socket, 'listening')
  return socket
}

export function send(socket: Socket, datagram: Uint8Array, port: number): Promise<void> {
  return new Promise(resolve => socket.send(datagram, port, '127.0.0.1', () => resolve()))
}
