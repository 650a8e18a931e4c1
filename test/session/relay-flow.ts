import type { Socket } from 'node:dgram'
import { encodePacket } from '../sctp/support/packets.ts'

export type Way = 'toServer' | 'toClient'

/** What has become of a way: datagrams pass, are held back for a while, or are lost from now on. */
type Passage = 'open' | 'dead' | { readonly held: Buffer[]; readonly timer: NodeJS.Timeout }

/** What goes between one port of the client and the server, over a socket of its own. */
export class RelayFlow {
  readonly clientPort: number
  readonly #front: Socket
  readonly #serverPort: number
  readonly #ways: Record<Way, Passage> = { toServer: 'open', toClient: 'open' }
  #back: Socket
  /** When something was last sent, in the time of `performance.now()`. */
  lastHeard = performance.now()

  constructor(front: Socket, back: Socket, clientPort: number, serverPort: number) {
    this.#front = front
    this.#back = back
    this.clientPort = clientPort
    this.#serverPort = serverPort
  }

  get isDead(): boolean {
    return this.#ways.toServer === 'dead' || this.#ways.toClient === 'dead'
  }

  /** Sends a datagram on, or holds it back, or loses it. */
  pass(datagram: Buffer, way: Way): void {
    const passage = this.#ways[way]
    this.lastHeard = performance.now()
    if (passage === 'open') this.#send(datagram, way)
    else if (passage !== 'dead') passage.held.push(datagram)
  }

  /** Holds back what comes for so long. */
  hold(way: Way, ms: number): void {
    if (this.#ways[way] !== 'open') return
    this.#ways[way] = { held: [], timer: setTimeout(() => this.#release(way), ms) }
  }

  /** Sends on what is held back. */
  release(): void {
    this.#release('toServer')
    this.#release('toClient')
  }

  /** Loses all that comes. */
  kill(way: Way): void {
    const passage = this.#ways[way]
    if (typeof passage === 'object') clearTimeout(passage.timer)
    this.#ways[way] = 'dead'
  }

  /** Goes on from another port; what the server sends to the old one is lost. */
  move(back: Socket): void {
    this.#back.close()
    this.#back = back
  }

  /** Breaks off the SCTP association to which the packet belongs, for the end that it goes to (RFC 9260, section 3.3.7). */
  abort(packet: Buffer, way: Way): void {
    const ports = { sourcePort: packet.readUInt16BE(0), destinationPort: packet.readUInt16BE(2) }
    const chunks = [{ type: 6, flags: 0, value: new Uint8Array(0) }]
    this.#send(encodePacket({ ...ports, tag: packet.readUInt32BE(4), chunks }), way)
  }

  close(): void {
    this.kill('toServer')
    this.kill('toClient')
    this.#back.close()
  }

  #release(way: Way): void {
    const passage = this.#ways[way]
    if (typeof passage === 'string') return
    clearTimeout(passage.timer)
    this.#ways[way] = 'open'
    for (const datagram of passage.held) this.#send(datagram, way)
  }

  #send(datagram: Uint8Array, way: Way): void {
    const [socket, port] =
      way === 'toServer' ? [this.#back, this.#serverPort] : [this.#front, this.clientPort]
    socket.send(datagram, port, '127.0.0.1')
  }
}
