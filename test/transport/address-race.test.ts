import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AddressAttempt, AddressRace } from '../../src/transport/address-race.ts'
import type { HostAddress } from '../../src/transport/host-lookup.ts'

const address = (text: string): HostAddress => ({ address: text, family: text.includes(':') ? 6 : 4 })

/** What becomes of an address in this world: after so many ms it answers or fails; undefined: silence. */
type Fate = { readonly afterMs: number; readonly error?: string } | undefined

/** A race in virtual time. */
class World {
  now = 0
  readonly log: string[] = []
  result: unknown
  readonly race: AddressRace<string>
  readonly #timers: { at: number; run: () => void }[] = []
  readonly #fates: Readonly<Record<string, Fate>>

  constructor(addresses: readonly string[], fates: Readonly<Record<string, Fate>>, timeMs = 10_000) {
    this.#fates = fates
    this.race = new AddressRace({
      addresses: addresses.map(address),
      attemptAt: text => this.#attemptAt(text),
      timeMs,
      startTimer: (run, ms) => this.#startTimer(run, ms),
    })
  }

  /** Runs until nothing is left to happen. Returns what the race has come to. */
  run(untilMs = Number.POSITIVE_INFINITY): unknown {
    this.race.begin(
      value => this.#settle(value),
      cause => this.#settle(cause),
    )
    this.goOn(untilMs)
    return this.result
  }

  goOn(untilMs = Number.POSITIVE_INFINITY): void {
    for (;;) {
      const next = this.#timers.sort((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > untilMs) return
      this.#timers.shift()
      this.now = next.at
      next.run()
    }
  }

  get pendingTimers(): number {
    return this.#timers.length
  }

  #settle(result: unknown): void {
    assert.equal(this.result, undefined, 'the race came to two results')
    this.result = result
  }

  #startTimer(run: () => void, ms: number): () => void {
    const timer = { at: this.now + ms, run }
    this.#timers.push(timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index >= 0) this.#timers.splice(index, 1)
    }
  }

  #attemptAt(text: string): AddressAttempt<string> {
    let cancel = (): void => {}
    return {
      begin: (succeed, fail) => {
        this.log.push(`${this.now} tries ${text}`)
        const fate = this.#fates[text]
        if (fate === undefined) return
        const { afterMs, error } = fate
        if (afterMs < 0) throw new Error(error)
        cancel = this.#startTimer(
          () => (error === undefined ? succeed(text) : fail(new Error(error))),
          afterMs,
        )
      },
      giveUp: () => {
        cancel()
        this.log.push(`${this.now} gives ${text} up`)
      },
    }
  }
}

describe('the addresses of a host', () => {
  test('are tried one after the other, 250 ms apart, without giving up those before', () => {
    const world = new World(['a', 'b', 'c'], { a: { afterMs: 600 } })
    assert.equal(world.run(), 'a')
    assert.deepEqual(world.log, [
      '0 tries a',
      '250 tries b',
      '500 tries c',
      '600 gives b up',
      '600 gives c up',
    ])
  })

  test('are tried at once where the one before fails, and the next waits its time again', () => {
    const world = new World(['a', 'b', 'c'], {
      a: { afterMs: 10, error: 'refused' },
      c: { afterMs: 5 },
    })
    assert.equal(world.run(), 'c')
    assert.deepEqual(world.log, ['0 tries a', '10 gives a up', '10 tries b', '260 tries c', '265 gives b up'])
  })

  test('take turns by family, the preferred one first, each once', () => {
    const six = ['::1', '::2', '::3']
    const world = new World([...six, '::1', '1.1.1.1', '1.1.1.2'], {})
    world.run(10_000)
    assert.deepEqual(
      world.log.map(line => line.split(' ')[2]),
      ['::1', '1.1.1.1', '::2', '1.1.1.2', '::3'],
    )
  })

  test('get a fair share where the time is short: the last has as much for itself as each before', () => {
    const world = new World(['a', 'b', 'c', 'd'], {}, 400)
    world.run(400)
    assert.deepEqual(world.log, ['0 tries a', '100 tries b', '200 tries c', '300 tries d'])
  })

  test('are tried no more once one has answered, and no timer stays', () => {
    const world = new World(['a', 'b'], { a: { afterMs: 3 } })
    assert.equal(world.run(), 'a')
    assert.deepEqual(world.log, ['0 tries a'])
    assert.equal(world.pendingTimers, 0)
  })

  test('are all given up with the race, and no timer stays', () => {
    const world = new World(['a', 'b', 'c'], { a: { afterMs: 9000 } })
    world.run(300)
    world.race.giveUp()
    world.race.giveUp()
    assert.deepEqual(world.log.slice(2), ['250 gives a up', '250 gives b up'])
    assert.equal(world.pendingTimers, 0)
    assert.equal(world.result, undefined)
  })

  test('are at most 32, however many a resolver answers', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`)
    const world = new World(many, {})
    world.run(100_000)
    assert.equal(world.log.length, 32)
  })
})

describe('a race', () => {
  test('in which all fail says what became of each address, with the code of the first', () => {
    const world = new World(['::1', '1.1.1.1'], {
      '::1': { afterMs: 1, error: 'unreachable' },
      '1.1.1.1': { afterMs: 1, error: 'refused' },
    })
    const error = world.run() as AggregateError
    assert.match(error.message, /none of 2 addresses.*::1: unreachable; 1\.1\.1\.1: refused/)
    assert.deepEqual(
      error.errors.map(each => each.message),
      ['unreachable', 'refused'],
    )
  })

  test('fails only when the last of those that are under way has failed', () => {
    const world = new World(['a', 'b'], {
      a: { afterMs: 900, error: 'late' },
      b: { afterMs: 1, error: 'refused' },
    })
    assert.match((world.run() as Error).message, /a: late; b: refused/)
    assert.equal(world.now, 900)
  })

  test('with one address fails with its error alone', () => {
    const world = new World(['a'], { a: { afterMs: 1, error: 'refused' } })
    assert.equal((world.run() as Error).message, 'refused')
    assert.equal(world.race.describe(), '')
  })

  test('takes an attempt that throws for one that fails', () => {
    const world = new World(['a', 'b'], { a: { afterMs: -1, error: 'thrown' }, b: { afterMs: 1 } })
    assert.equal(world.run(), 'b')
  })

  test('says of each address what it is waiting for', () => {
    const world = new World(['a', 'b', 'c'], { a: { afterMs: 1, error: 'refused' } })
    world.run(100)
    assert.equal(world.race.describe(), 'a: refused; b: no answer; c: not tried')
  })

  test('of a name without an address fails', () => {
    assert.throws(() => new World([], {}).run(), /no address/)
  })
})
