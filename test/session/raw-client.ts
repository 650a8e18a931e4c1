import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { StreamConnection } from '../../src/connection/connection.ts'
import type { ListenOptions } from '../../src/options.ts'
import {
  type ControlFrame,
  ControlType,
  decodeControl,
  encodeControl,
  type Hello,
  HelloKind,
  PROOF_AT,
  type Status,
  type Welcome,
} from '../../src/session/control-frame.ts'
import type { WireEnd } from './simulation/wire.ts'
import { World } from './simulation/world.ts'

/** A peer that says what it likes, byte by byte, to a listener of ours in virtual time. */
export class Peer {
  readonly world = new World(7)
  readonly connections: StreamConnection[] = []

  constructor(session: Exclude<ListenOptions['session'], true> = {}, options: ListenOptions = {}) {
    this.world.serve({ ...options, session, maxMessageBytes: 1000 }, connection => {
      this.connections.push(connection)
    })
  }

  async dial(): Promise<Visit> {
    const dialled = this.world.dial(undefined)
    await this.later(10)
    return new Visit((await dialled) as WireEnd, this)
  }

  async later(ms: number): Promise<void> {
    await this.world.run(this.world.platform.sleep(ms), 10_000_000)
  }

  /** A session of its own, welcomed and shown to the listener's user. */
  async begin(): Promise<{ visit: Visit; welcome: Welcome }> {
    const visit = await this.dial()
    await visit.say(encodeControl(hello()))
    const welcome = visit.frames[0] as Welcome
    assert.equal(welcome.type, ControlType.WELCOME)
    await visit.say(status())
    assert.equal(this.connections.length > 0, true)
    return { visit, welcome }
  }

  resume({ sessionId, key }: Welcome, fields: Partial<Hello> = {}): Uint8Array {
    const frame = encodeControl(hello({ kind: HelloKind.RESUME, sessionId, epoch: 2, ...fields }))
    if (fields.proof === undefined) {
      frame.set(createHmac('sha256', key).update(frame.subarray(0, PROOF_AT)).digest(), PROOF_AT)
    }
    return frame
  }
}

/** One connection of such a peer, and the control frames that came back. */
export class Visit {
  readonly frames: ControlFrame[] = []
  isOver = false
  readonly #wire: WireEnd
  readonly #peer: Peer
  #bytes = new Uint8Array(0)

  constructor(wire: WireEnd, peer: Peer) {
    this.#wire = wire
    this.#peer = peer
    wire.open({
      onData: chunk => this.#read(chunk),
      room: () => undefined,
      onEnd: () => {
        this.isOver = true
      },
      onWritten() {},
      onSpoilt: error => assert.ifError(error),
      onFinish() {},
      onClose: () => {
        this.isOver = true
      },
    })
  }

  async say(...parts: Uint8Array[]): Promise<void> {
    this.write(Buffer.concat(parts))
    await this.#peer.later(100)
  }

  write(bytes: Uint8Array): void {
    this.#wire.write([bytes], bytes.length)
  }

  get last(): ControlFrame {
    return this.frames.at(-1)!
  }

  #read(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#bytes, chunk])
    let at = 0
    while (at + 8 <= bytes.length && at + 4 + bytes.readUInt32BE(at) <= bytes.length) {
      const end = at + 4 + bytes.readUInt32BE(at)
      if (bytes[at + 5] === 2) this.frames.push(decodeControl(bytes.subarray(at, end)))
      at = end
    }
    this.#bytes = new Uint8Array(bytes.subarray(at))
  }
}

export const hello = (fields: Partial<Hello> = {}): Hello => ({
  type: ControlType.HELLO,
  revision: 1,
  kind: HelloKind.NEW,
  sessionId: new Uint8Array(16),
  epoch: 1,
  received: 0,
  consumed: 0,
  windowBytes: 10_000,
  windowMessages: 100,
  proof: new Uint8Array(32),
  ...fields,
})

export const status = (fields: Partial<Status> = {}): Uint8Array =>
  encodeControl({
    type: ControlType.ACK,
    endConsumed: false,
    done: false,
    code: 0,
    position: 0,
    received: 0,
    consumed: 0,
    ...fields,
  })

export function assertRejected(visit: Visit, code: number): void {
  assert.equal(visit.last.type, ControlType.REJECT)
  assert.equal((visit.last as { code: number }).code, code)
  assert(visit.isOver, 'the connection goes on')
}
