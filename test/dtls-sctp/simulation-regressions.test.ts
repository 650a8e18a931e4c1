import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { LinkPlan } from '../sctp/simulation/link.ts'
import { chunksOf } from '../sctp/simulation/packet-view.ts'
import { type Incident, type Plan, QUIET_PLAN, withLink, withUser } from '../sctp/simulation/plan.ts'
import { type Outcome, Run } from '../sctp/simulation/run.ts'
import { type SecureStage, secureStage } from './simulation/stage.ts'

const NEVER = Number.POSITIVE_INFINITY
const SHUTDOWN = 7
const SHUTDOWN_ACK = 8
const SHUTDOWN_COMPLETE = 14

const isComplete = (packet: Uint8Array): boolean => chunksOf(packet)[0]!.type === SHUTDOWN_COMPLETE

/** Loses packets that are one, as many as are given. */
function losing(isOne: (packet: Uint8Array) => boolean, count: number): LinkPlan['heldMs'] {
  let left = count
  return packets => (packets.some(isOne) && left-- > 0 ? NEVER : 0)
}

/** A client that sends for as long as it is let. */
const BUSY_PLAN = withUser({ ...QUIET_PLAN, mustEndWell: 'none' }, name =>
  name === 'client' ? { writes: Array.from({ length: 1000 }, () => [1000]), writeGapMs: 100 } : {},
)

describe('the end of a DTLS connection in the simulated network', () => {
  let stage: SecureStage
  before(async () => {
    stage = await secureStage()
  })
  after(() => stage?.free())

  function run(plan: Plan): Outcome & { readonly lines: readonly string[] } {
    const lines: string[] = []
    const outcome = new Run(plan, 1, line => lines.push(line), stage.makeMedium()).play()
    return { ...outcome, lines }
  }

  const closing = (plan: Plan, ...incidents: Incident[]): Plan => ({ ...plan, incidents })

  for (const who of ['client', 'server'] as const) {
    it(`resets both ends of a stream in its middle, where the ${who} closes it`, () => {
      const { errors, ms } = run(closing(BUSY_PLAN, { kind: 'close', who, at: 5000 }))
      assert.deepEqual(errors.toSorted(), [
        'the peer closed its DTLS connection before the stream had ended',
        'this end has closed its DTLS connection',
      ])
      assert.ok(ms < 5000 + 100, `took ${ms} ms`)
    })
  }

  it('resets both ends once, where both close it', () => {
    const both = closing(
      BUSY_PLAN,
      { kind: 'close', who: 'client', at: 5000 },
      { kind: 'close', who: 'server', at: 5000 },
    )
    const { errors } = run(both)
    assert.deepEqual(errors, Array(2).fill('this end has closed its DTLS connection'))
  })

  it('is found out by heartbeats or data where nobody hears of it', () => {
    const unheard = withLink(BUSY_PLAN, () => ({ heldMs: packets => (packets.length === 0 ? NEVER : 0) }))
    for (const who of ['client', 'server'] as const) {
      const { errors, ms } = run(closing(unheard, { kind: 'close', who, at: 5000 }))
      assert.equal(errors.length, 2)
      assert.ok(errors.some(message => message.startsWith('the peer is unreachable')))
      assert.ok(ms < 600_000, `took ${ms} ms`)
    }
  })

  it('may take the place of the shutdown when both ends have everything', () => {
    const types = [SHUTDOWN, SHUTDOWN_ACK, SHUTDOWN_COMPLETE]
    const isShutdown = (packet: Uint8Array): boolean =>
      chunksOf(packet).every(({ type }) => types.includes(type))
    const plan = withLink(QUIET_PLAN, () => ({ heldMs: losing(isShutdown, NEVER) }))
    for (const who of ['client', 'server'] as const) {
      const { errors, ms } = run(closing(plan, { kind: 'close', who, at: 500 }))
      assert.deepEqual(errors, [])
      assert.ok(ms < 600, `took ${ms} ms`)
    }
  })

  it('waits for a peer that has missed the SHUTDOWN COMPLETE, and has it once more', () => {
    const plan = withLink(QUIET_PLAN, () => ({ heldMs: losing(isComplete, 1) }))
    const { errors, ms, lines } = run(plan)
    assert.deepEqual(errors, [])
    assert.equal(lines.filter(line => /sends .*COMPLETE/.test(line)).length, 2)
    // The peer's close_notify ends the wait.
    assert.ok(ms < 2000, `took ${ms} ms`)
  })

  it('is told to a peer that misses the SHUTDOWN COMPLETE each time, and ends well', () => {
    const plan = withLink(QUIET_PLAN, () => ({ heldMs: losing(isComplete, NEVER) }))
    const { errors, ms } = run(plan)
    assert.deepEqual(errors, [])
    assert.ok(ms < 3500, `took ${ms} ms`)
  })

  it('follows an ABORT, whose sender is told of no error', () => {
    const plan = withUser(BUSY_PLAN, name => (name === 'client' ? { abortsAfterMs: 3000 } : {}))
    const { errors, lines } = run(plan)
    assert.equal(errors.length, 1)
    assert.match(errors[0]!, /abort|broke/i)
    assert.equal(lines.filter(line => /takes ABORT/.test(line)).length, 1)
  })

  it('comes where a client has begun anew at the same address', () => {
    const restarts: Plan = {
      ...BUSY_PLAN,
      incidents: [{ kind: 'restart', who: 'client', at: 5000, dialMs: 10 }],
      mustEndWell: 'last',
    }
    const { errors } = run(restarts)
    assert.deepEqual(errors, ['the peer has begun anew'])
  })
})
