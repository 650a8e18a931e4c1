import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { within } from '../../support/waiting.ts'
import {
  ADAPTATION,
  chunk,
  data,
  type InitFields,
  init,
  readData,
  readInit,
  readSack,
  sack,
  Type,
} from './chunks.ts'
import { type Chunk, decodePacket, encodePacket, type Packet } from './packets.ts'

const TAG = 0x0a0b0c0d
const FIRST_TSN = 5000
const PORT = 7000

/** A raw UDP socket, played by hand: the peer of a listener of the public API. */
export class UdpPeer {
  readonly socket: Socket
  readonly #listenerPort: number
  readonly #udpPort: number
  readonly #waiting: ((packet: Packet) => void)[] = []
  /** What has come and nobody has waited for; the oldest are dropped. */
  readonly #come: Packet[] = []
  tag = 0
  tsn = FIRST_TSN
  /** What the listener has acknowledged last, and the window it has told. */
  acknowledged = FIRST_TSN - 1
  window = Number.POSITIVE_INFINITY
  #sequence = 0
  /** The highest TSN up to which all data of the listener has come, and what has come beyond. */
  #lastTsn = 0
  readonly #ahead = new Set<number>()

  private constructor(socket: Socket, address: string) {
    this.socket = socket
    const url = new URL(address)
    this.#listenerPort = Number(url.port)
    this.#udpPort = Number(url.searchParams.get('udp'))
    socket.on('message', bytes => this.#onPacket(decodePacket(bytes)))
  }

  /** A socket that is closed when the test is over. */
  static async open(t: TestContext, address: string): Promise<UdpPeer> {
    const socket = createSocket('udp4')
    t.after(() => socket.close())
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new UdpPeer(socket, address)
  }

  /** Whether all that was sent in order is acknowledged. */
  get isAcknowledged(): boolean {
    return this.acknowledged === this.tsn - 1
  }

  /** Any bytes at all. */
  raw(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) =>
      this.socket.send(bytes, this.#udpPort, '127.0.0.1', cause => (cause ? reject(cause) : resolve())),
    )
  }

  send(...chunks: readonly Chunk[]): Promise<void> {
    return this.sendWith(this.tag, ...chunks)
  }

  sendWith(tag: number, ...chunks: readonly Chunk[]): Promise<void> {
    return this.raw(this.encode(tag, ...chunks))
  }

  encode(tag: number, ...chunks: readonly Chunk[]): Uint8Array {
    return encodePacket({ sourcePort: PORT, destinationPort: this.#listenerPort, tag, chunks })
  }

  /** The next bytes of the stream. */
  data(bytes: Uint8Array, flags = 3): Chunk {
    return data({ tsn: this.tsn++, sequence: this.#sequence++ & 0xffff, data: bytes, flags })
  }

  /** The next packet that begins with a chunk of the type. */
  async next(type: number): Promise<Packet> {
    for (;;) {
      const packet = this.#come.shift() ?? (await within(this.#arrival(), `a packet with chunk type ${type}`))
      if (packet.chunks[0]?.type === type) return packet
    }
  }

  async cookie(fields: Partial<InitFields> = {}): Promise<Uint8Array> {
    await this.sendWith(0, init({ tag: TAG, tsn: FIRST_TSN, parameters: [ADAPTATION], ...fields }))
    const { chunks } = await this.next(Type.INIT_ACK)
    const { tag, tsn, parameters } = readInit(chunks[0]!)
    this.tag = tag
    this.#lastTsn = tsn - 1
    return parameters.find(({ type }) => type === 7)!.value
  }

  async connect(fields: Partial<InitFields> = {}): Promise<this> {
    await this.send(chunk(Type.COOKIE_ECHO, 0, await this.cookie(fields)))
    await this.next(Type.COOKIE_ACK)
    return this
  }

  /** Acknowledges what has come, again and again until something is done. */
  async acknowledgeUntil(done: Promise<void>): Promise<void> {
    const timer = setInterval(() => {
      void this.send(sack({ tsn: this.#lastTsn >>> 0, window: 10_000_000 }))
    }, 2)
    try {
      await done
    } finally {
      clearInterval(timer)
    }
  }

  #take(tsn: number): void {
    if (((tsn - this.#lastTsn) | 0) > 0) this.#ahead.add(tsn)
    for (let next = (this.#lastTsn + 1) >>> 0; this.#ahead.delete(next); next = (next + 1) >>> 0)
      this.#lastTsn = next
  }

  #arrival(): Promise<Packet> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  #onPacket(packet: Packet): void {
    for (const each of packet.chunks) if (each.type === Type.DATA) this.#take(readData(each).tsn)
    for (const each of packet.chunks.filter(({ type }) => type === Type.SACK)) {
      const { tsn, window } = readSack(each)
      assert.ok(tsn < this.tsn, 'only what was sent is acknowledged')
      this.acknowledged = tsn
      this.window = window
    }
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) {
      waiting(packet)
      return
    }
    this.#come.push(packet)
    if (this.#come.length > 100) this.#come.shift()
  }
}
