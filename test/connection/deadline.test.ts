import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Deadline } from '../../src/connection/deadline.ts'
import { SimulatedPlatform } from './support/simulated-platform.ts'

function deadlineOf(ms: number): { platform: SimulatedPlatform; deadline: Deadline; missed: () => number } {
  const platform = new SimulatedPlatform()
  let count = 0
  const deadline = new Deadline(platform, ms, () => {
    count++
  })
  return { platform, deadline, missed: () => count }
}

describe('a deadline', () => {
  it('does not run until it is restarted', () => {
    const { platform, deadline, missed } = deadlineOf(100)
    assert.equal(deadline.running, false)
    assert.equal(platform.timers, 0)
    platform.advance(1000)
    assert.equal(missed(), 0)
  })

  it('is missed after its time, once', () => {
    const { platform, deadline, missed } = deadlineOf(100)
    deadline.restart()
    assert.equal(deadline.running, true)
    platform.advance(99)
    assert.equal(missed(), 0)
    platform.advance(1)
    assert.equal(missed(), 1)
    assert.equal(deadline.running, false)
    platform.advance(1000)
    assert.equal(missed(), 1)
    assert.equal(platform.timers, 0)
  })

  it('counts from the last restart, with one timer however often it is restarted', () => {
    const { platform, deadline, missed } = deadlineOf(100)
    for (let i = 0; i < 50; i++) {
      deadline.restart()
      assert.equal(platform.timers, 1)
      platform.advance(60)
    }
    assert.equal(missed(), 0)
    platform.advance(39)
    assert.equal(missed(), 0)
    platform.advance(1)
    assert.equal(missed(), 1)
  })

  it('is not missed once it has stopped, and can be restarted', () => {
    const { platform, deadline, missed } = deadlineOf(100)
    deadline.restart()
    platform.advance(50)
    deadline.stop()
    assert.equal(deadline.running, false)
    platform.advance(30)
    deadline.restart()
    platform.advance(99)
    assert.equal(missed(), 0)
    platform.advance(1)
    assert.equal(missed(), 1)
  })

  it('lets its timer run out after it has stopped', () => {
    const { platform, deadline } = deadlineOf(100)
    deadline.restart()
    deadline.stop()
    platform.advance(100)
    assert.equal(platform.timers, 0)
  })

  it('can be restarted after it was missed', () => {
    const { platform, deadline, missed } = deadlineOf(100)
    deadline.restart()
    platform.advance(100)
    deadline.restart()
    platform.advance(100)
    assert.equal(missed(), 2)
  })

  it('is never missed and has no timer with 0 ms', () => {
    const { platform, deadline, missed } = deadlineOf(0)
    deadline.restart()
    assert.equal(deadline.running, false)
    assert.equal(platform.timers, 0)
    platform.advance(1e9)
    assert.equal(missed(), 0)
  })

  it('leaves no timer behind when it is disposed of, at any time', () => {
    const { platform, deadline, missed } = deadlineOf(100)
    deadline.dispose()
    deadline.restart()
    deadline.dispose()
    assert.equal(platform.timers, 0)
    platform.advance(1000)
    deadline.restart()
    platform.stall(100)
    deadline.dispose()
    platform.turn()
    assert.equal(platform.timers, 0)
    assert.equal(missed(), 0)
  })

  it('reads what has arrived before a late timer counts', () => {
    const { platform, deadline, missed } = deadlineOf(100)
    deadline.restart()
    platform.stall(5000)
    assert.equal(missed(), 0)
    deadline.restart()
    platform.turn()
    assert.equal(missed(), 0)
    assert.equal(platform.timers, 1)
    platform.advance(99)
    assert.equal(missed(), 0)
    platform.advance(1)
    assert.equal(missed(), 1)
  })

  it('is missed on the turn after a late timer when nothing has arrived', () => {
    const { platform, deadline, missed } = deadlineOf(100)
    deadline.restart()
    platform.stall(5000)
    platform.turn()
    assert.equal(missed(), 1)
  })

  it('is not missed when it stops between a late timer and the turn after', () => {
    const { platform, deadline, missed } = deadlineOf(100)
    deadline.restart()
    platform.stall(5000)
    deadline.stop()
    platform.turn()
    assert.equal(missed(), 0)
  })

  it('is missed exactly when its time has passed without a restart or a stop', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 150 }) }),
      fc.record({ kind: fc.constantFrom('restart' as const, 'stop' as const), ms: fc.constant(0) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const { platform, deadline, missed } = deadlineOf(100)
        let due: number | undefined
        let expected = 0
        for (const { kind, ms } of steps) {
          if (kind === 'restart') {
            deadline.restart()
            due = platform.now() + 100
          } else if (kind === 'stop') {
            deadline.stop()
            due = undefined
          } else {
            platform.advance(ms)
            if (due !== undefined && due <= platform.now()) {
              expected++
              due = undefined
            }
          }
          assert.equal(missed(), expected)
          assert.equal(deadline.running, due !== undefined)
          assert.ok(platform.timers <= 1)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('stands still while it is held, and goes on with what was left', () => {
    const { platform, deadline, missed } = deadlineOf(100)
    deadline.restart()
    platform.advance(60)
    deadline.hold()
    deadline.hold()
    assert.equal(deadline.running, false)
    platform.advance(1000)
    assert.equal(missed(), 0)
    deadline.goOn()
    platform.advance(39)
    deadline.goOn()
    assert.equal(missed(), 0)
    platform.advance(1)
    assert.equal(missed(), 1)
    assert.equal(platform.timers, 0)
  })

  it('does not go on when it was not held, was stopped or has been missed', () => {
    const { platform, deadline, missed } = deadlineOf(100)
    deadline.goOn()
    assert.equal(deadline.running, false)
    deadline.restart()
    deadline.hold()
    deadline.stop()
    deadline.goOn()
    assert.equal(deadline.running, false)
    deadline.hold()
    deadline.restart()
    platform.advance(100)
    assert.equal(missed(), 1)
    deadline.goOn()
    platform.advance(1000)
    assert.equal(missed(), 1)
  })
})
