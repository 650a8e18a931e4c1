import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../src/errors.ts'
import { ControlType, type Welcome } from '../../src/session/control-frame.ts'
import { Peer, status, type Visit } from './raw-client.ts'
import { datagramsOf } from './support.ts'

const CLOSE_TIMEOUT_MS = 10_000
const RETENTION_MS = 60_000
/** Timers that go off late, and what a visit takes by itself. */
const SLACK_MS = 5000

/** A client that comes back again and again while the server's end closes, having sent some datagrams. */
class Returning {
  readonly peer: Peer
  readonly #welcome: Welcome
  #epoch = 1
  #outcome: string | undefined
  closedAfterMs = 0

  private constructor(peer: Peer, welcome: Welcome) {
    this.peer = peer
    this.#welcome = welcome
  }

  /** The server has sent so many datagrams, and closes. */
  static async to(count: number): Promise<Returning> {
    const peer = new Peer({ retentionMs: RETENTION_MS }, { closeTimeoutMs: CLOSE_TIMEOUT_MS })
    const { welcome } = await peer.begin()
    const returning = new Returning(peer, welcome)
    const [connection] = peer.connections
    for (const datagram of datagramsOf(Array(count).fill(5))) void connection!.writer.send(datagram)
    returning.#watch(connection!.close())
    await peer.later(100)
    return returning
  }

  get isOver(): boolean {
    return this.#outcome !== undefined
  }

  get outcome(): string | undefined {
    return this.#outcome
  }

  async breakFor(ms: number): Promise<void> {
    this.peer.world.breakAll(() => ({ lateMs: undefined, toldAfterMs: 0 }))
    await this.peer.later(ms)
  }

  /** Resumes, having received and consumed so many, and stays for so long. */
  async visit(ms: number, count = 0): Promise<Visit> {
    const { peer } = this
    const visit = await peer.dial()
    const progress = { received: count, consumed: count }
    await visit.say(peer.resume(this.#welcome, { epoch: ++this.#epoch, ...progress }))
    await visit.say(status(progress))
    await peer.later(ms)
    return visit
  }

  #watch(closing: Promise<void>): void {
    const { clock } = this.peer.world
    const since = clock.now
    const note = (outcome: string): void => {
      this.#outcome = outcome
      this.closedAfterMs = clock.now - since
    }
    closing.then(
      () => note('closed'),
      error => note(error instanceof ConnectError ? (error.cause as ConnectError).code : String(error)),
    )
  }
}

describe('close() of a session whose client comes back again and again', () => {
  it('is over in closeTimeoutMs of connections on which nothing is confirmed, however many they are', async () => {
    const returning = await Returning.to(3)
    for (let i = 0; i < 100 && !returning.isOver; i++) {
      await returning.breakFor(10)
      await returning.visit(1000)
    }
    assert.equal(returning.outcome, 'CLOSE_TIMEOUT')
    const { closedAfterMs } = returning
    assert(closedAfterMs >= CLOSE_TIMEOUT_MS, `after ${closedAfterMs} ms`)
    assert(closedAfterMs <= CLOSE_TIMEOUT_MS + SLACK_MS, `after ${closedAfterMs} ms`)
  })

  it('is over when no connection has carried it for retentionMs in all, however short each time was', async () => {
    const returning = await Returning.to(3)
    for (let i = 0; i < 100 && !returning.isOver; i++) {
      await returning.breakFor(6000)
      if (!returning.isOver) await returning.visit(0)
    }
    assert.equal(returning.outcome, 'CLOSE_TIMEOUT')
    const { closedAfterMs } = returning
    assert(closedAfterMs >= RETENTION_MS, `after ${closedAfterMs} ms`)
    assert(closedAfterMs <= RETENTION_MS + SLACK_MS, `after ${closedAfterMs} ms`)
  })

  it('goes on for as long as something is confirmed in each closeTimeoutMs', async () => {
    const returning = await Returning.to(5)
    for (let count = 1; count <= 5; count++) {
      await returning.breakFor(10)
      const visit = await returning.visit(8000, count)
      assert.equal(returning.outcome, undefined, `after ${count}`)
      assert.equal(visit.last.type, ControlType.CLOSE)
    }
    assert(returning.peer.world.clock.now > 3 * CLOSE_TIMEOUT_MS)
  })

  it('counts the time before a break, and none of it twice', async () => {
    const returning = await Returning.to(3)
    await returning.peer.later(6000)
    await returning.breakFor(20_000)
    assert.equal(returning.outcome, undefined)
    await returning.visit(20_000)
    assert.equal(returning.outcome, 'CLOSE_TIMEOUT')
    const attachedMs = returning.closedAfterMs - 26_000
    assert(attachedMs > 3000 && attachedMs < 4000 + SLACK_MS, `${attachedMs} ms`)
  })
})
