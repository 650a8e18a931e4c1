import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BusyPoll } from '../../src/transport/busy-poll.ts'

const LARGE = 64 * 1024

/** A loop that turns when it is told to; a turn takes 10 us. */
class Loop {
  turns = 0
  #now = 0
  #waiting: (() => void)[] = []

  now(): number {
    return this.#now
  }

  nextTurn(callback: () => void): void {
    this.#waiting.push(callback)
  }

  /** Turns until nothing keeps the loop awake, or `most` times; returns how often it turned. */
  run(most = 1000): number {
    let turns = 0
    while (this.#waiting.length > 0 && turns < most) {
      turns++
      this.#now += 0.01
      for (const callback of this.#waiting.splice(0)) callback()
    }
    return turns
  }
}

describe('polling after a large read', () => {
  it('keeps the loop awake for 50 us, and no longer', () => {
    const loop = new Loop()
    new BusyPoll(loop).onRead(LARGE)
    assert.equal(loop.run(), 5)
  })

  it('does nothing for small reads', () => {
    const loop = new Loop()
    const poll = new BusyPoll(loop)
    for (let i = 0; i < 100; i++) poll.onRead(16 * 1024 - 1)
    assert.equal(loop.run(), 0)
  })

  it('goes on for as long as it finds more', () => {
    const loop = new Loop()
    const poll = new BusyPoll(loop)
    poll.onRead(LARGE)
    for (let i = 0; i < 20; i++) {
      assert.equal(loop.run(3), 3)
      poll.onRead(LARGE)
    }
    assert.equal(loop.run(), 5)
  })

  it('becomes rare where it finds nothing', () => {
    const loop = new Loop()
    const poll = new BusyPoll(loop)
    let turns = 0
    for (let i = 0; i < 650; i++) {
      poll.onRead(LARGE)
      turns += loop.run()
    }
    // Seven polls until 1 read in 65 is polled after, and eight or nine after that.
    assert.ok(turns >= 5 * 14 && turns <= 5 * 17, `${turns} turns`)
  })

  it('becomes frequent again once it finds something', () => {
    const loop = new Loop()
    const poll = new BusyPoll(loop)
    for (let i = 0; i < 200; i++) {
      poll.onRead(LARGE)
      loop.run()
    }
    while (loop.run(1) === 0) poll.onRead(LARGE)
    poll.onRead(LARGE)
    loop.run()
    poll.onRead(LARGE)
    assert.equal(loop.run(), 0, 'skips one read after a poll that found something')
    poll.onRead(LARGE)
    assert.equal(loop.run(), 5)
  })
})
