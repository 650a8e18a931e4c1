import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Listener } from '../../../src/index.ts'

const PREFIX = 'dtls-sctp://127.0.0.1:'

/** Carries datagrams between one client and a listener, so many of them; then the path is dead. */
export class CutRelay {
  readonly #inner: Socket
  readonly #outer: Socket
  #left: number
  #onCut: (() => void) | undefined

  static async before(listener: Listener, datagrams: number): Promise<CutRelay> {
    const relay = new CutRelay(datagrams)
    relay.#outer.bind(0, '127.0.0.1')
    relay.#inner.connect(Number(new URL(listener.address).port), '127.0.0.1')
    await Promise.all([once(relay.#outer, 'listening'), once(relay.#inner, 'connect')])
    return relay
  }

  private constructor(datagrams: number) {
    this.#left = datagrams
    this.#inner = createSocket('udp4')
    this.#outer = createSocket('udp4')
    let client: number | undefined
    this.#outer.on('message', (datagram, { port }) => {
      client = port
      this.#carry(() => this.#inner.send(datagram))
    })
    this.#inner.on('message', datagram => this.#carry(() => this.#outer.send(datagram, client, '127.0.0.1')))
    // The operating system tells that an end is closed, which is no business of the path's.
    for (const socket of [this.#inner, this.#outer]) socket.on('error', () => {})
  }

  /** For the client to connect to. */
  get address(): string {
    return `${PREFIX}${this.#outer.address().port}`
  }

  /** Calls when the first datagram is lost. */
  set onCut(call: () => void) {
    this.#onCut = call
  }

  close(): void {
    this.#inner.close()
    this.#outer.close()
  }

  #carry(send: () => void): void {
    if (this.#left-- > 0) send()
    else {
      this.#onCut?.()
      this.#onCut = undefined
    }
  }
}
