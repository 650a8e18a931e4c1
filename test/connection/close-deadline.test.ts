import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CloseDeadline } from '../../src/connection/close-deadline.ts'
import { SimulatedPlatform } from './support/simulated-platform.ts'

interface Scene {
  readonly deadline: CloseDeadline
  readonly platform: SimulatedPlatform
  readonly missed: string[]
}

/** 100 ms without progress while something carries the connection, 1000 ms in all in which nothing does. */
function scene(): Scene {
  const platform = new SimulatedPlatform()
  const missed: string[] = []
  const limits = { closeTimeoutMs: 100, detachedMs: 1000 }
  const onMissed = (error: Error): void => void missed.push(error.message)
  const deadline = new CloseDeadline(platform, limits, onMissed, () => 'nothing moved')
  return { deadline, platform, missed }
}

describe('the time for closing', () => {
  it('is missed when nothing moves, and set back by progress', () => {
    const { deadline, platform, missed } = scene()
    platform.advance(99)
    deadline.noteProgress()
    platform.advance(99)
    assert.deepEqual(missed, [])
    platform.advance(1)
    assert.deepEqual(missed, ['after close(), nothing moved for 100 ms'])
  })

  it('stands still while nothing carries the connection, and goes on with what was left', () => {
    const { deadline, platform, missed } = scene()
    platform.advance(60)
    deadline.onDetached()
    platform.advance(900)
    deadline.onAttached()
    platform.advance(39)
    assert.deepEqual(missed, [])
    platform.advance(1)
    assert.deepEqual(missed, ['after close(), nothing moved for 100 ms'])
  })

  it('bounds all breaks together, and only them', () => {
    const { deadline, platform, missed } = scene()
    for (let i = 0; i < 9; i++) {
      deadline.onDetached()
      platform.advance(100)
      deadline.onAttached()
      deadline.noteProgress()
      platform.advance(99)
    }
    deadline.noteProgress()
    for (let i = 0; i < 20; i++) {
      platform.advance(99)
      deadline.noteProgress()
    }
    deadline.onDetached()
    platform.advance(99)
    assert.deepEqual(missed, [])
    platform.advance(1)
    assert.deepEqual(missed, ['after close(), no connection carried the session for 1000 ms in all'])
  })

  it('leaves no timer behind', () => {
    const { deadline, platform, missed } = scene()
    deadline.onDetached()
    deadline.onAttached()
    deadline.dispose()
    assert.equal(platform.timers, 0)
    platform.advance(5000)
    assert.deepEqual(missed, [])
  })
})
