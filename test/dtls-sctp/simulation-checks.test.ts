import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ConnectError, ConnectErrorCode } from '../../src/errors.ts'
import { recordsOf } from '../../src/transport/dtls-sctp/link/records.ts'
import { Chance } from '../sctp/simulation/chance.ts'
import { Link, PERFECT_LINK } from '../sctp/simulation/link.ts'
import type { Medium } from '../sctp/simulation/medium.ts'
import { QUIET_PLAN } from '../sctp/simulation/plan.ts'
import { play } from '../sctp/simulation/play.ts'
import { Run } from '../sctp/simulation/run.ts'
import { User } from '../sctp/simulation/user.ts'
import { Violation } from '../sctp/simulation/violation.ts'
import { VirtualClock } from '../sctp/simulation/virtual-clock.ts'
import { Ledger } from './simulation/ledger.ts'
import { SecureMedium } from './simulation/secure-medium.ts'
import { SimulatedPlatform } from './simulation/simulated-platform.ts'
import { type SecureStage, secureStage } from './simulation/stage.ts'
import { StreamDriver } from './simulation/stream-driver.ts'

const APPLICATION_DATA = 23

describe('what comes out of DTLS', () => {
  const packet = Uint8Array.of(1, 2, 3)

  it('may be what the peer has put in, and that once', () => {
    const ledger = new Ledger()
    ledger.put('one', 'other', packet)
    assert.throws(() => ledger.take('one', 'other', packet), Violation)
    assert.throws(() => ledger.take('other', 'one', packet.slice(1)), Violation)
    ledger.take('other', 'one', packet)
    assert.throws(() => ledger.take('other', 'one', packet), Violation)
  })
})

describe('a link that replays', () => {
  it('brings what was sent before it, and what it has carried, once more', () => {
    const clock = new VirtualClock()
    const link = new Link({ ...PERFECT_LINK, replays: 0.5 }, clock, new Chance(1))
    const arrived = new Map<string, number>()
    const count = (what: string) => (): void => void arrived.set(what, (arrived.get(what) ?? 0) + 1)
    link.remember(new Uint8Array(1), count('old'))
    for (let i = 0; i < 1000; i++) link.carry(new Uint8Array(1), count('new'))
    while (clock.step()) {}
    assert.ok(arrived.get('old')! > 50)
    assert.ok(arrived.get('new')! > 1250 && arrived.get('new')! < 1550)
  })
})

describe('what a stream tells', () => {
  const error = new ConnectError(ConnectErrorCode.CONNECTION_RESET, 'gone')

  /** A user who is up and has received 100 of 200 bytes, but for what it was told by the stream. */
  function begin(): { driver: StreamDriver; user: User; bytes: Uint8Array } {
    const plan = { ...QUIET_PLAN.client.user, writes: [[200]] }
    const [user, partner] = [new User('one', plan, new Chance(1)), new User('other', plan, new Chance(2))]
    const written: Uint8Array[] = []
    partner.onUp()
    partner.act({ send: all => written.push(...all), end() {}, abort() {}, consumed() {} }, 0)
    user.partner = partner
    user.onUp()
    const bytes = written[0]!
    user.onData(bytes.slice(0, 100))
    const platform = new SimulatedPlatform(new VirtualClock(), QUIET_PLAN.client.host, new Chance(3))
    return { driver: new StreamDriver(user, 1000, platform), user, bytes }
  }

  /** Each breaks a rule with its last call, and only with that. */
  const breaches: Record<string, ((driver: StreamDriver, bytes: Uint8Array, user: User) => void)[]> = {
    'other bytes': [driver => driver.onData(new Uint8Array(10))],
    'the same bytes again': [
      (driver, bytes) => driver.onData(bytes.slice(0, 50)),
      (driver, bytes) => driver.onData(bytes.slice(0, 50)),
    ],
    'bytes that have not come': [
      (driver, bytes) => driver.onData(bytes.slice(0, 100)),
      (driver, bytes) => driver.onData(bytes.slice(100, 101)),
    ],
    'an end that has not come': [
      (driver, bytes) => driver.onData(bytes.slice(0, 100)),
      driver => driver.onEnd(),
    ],
    'an end before the bytes': [
      (_driver, bytes, user) => {
        user.onData(bytes.slice(100))
        user.onEnd()
      },
      driver => driver.onEnd(),
    ],
    'an acknowledgement that has not come': [driver => driver.onWritten(1)],
    'that its own end has arrived': [driver => driver.onFinish()],
    'a close that has not come': [driver => driver.onClose()],
    'a clean close instead of an error': [
      (_driver, _bytes, user) => user.onClosed(error),
      driver => driver.onClose(),
    ],
    'anything behind the close': [
      (driver, _bytes, user) => {
        user.onClosed(error)
        driver.onClose(error)
      },
      (driver, bytes) => driver.onData(bytes.slice(0, 10)),
    ],
  }

  for (const [what, steps] of Object.entries(breaches)) {
    it(`may not be: ${what}`, () => {
      const { driver, user, bytes } = begin()
      for (const step of steps.slice(0, -1)) step(driver, bytes, user)
      assert.throws(() => steps.at(-1)!(driver, bytes, user), Violation)
    })
  }
})

describe('a run inside DTLS', () => {
  let stage: SecureStage
  before(async () => {
    stage = await secureStage()
  })
  after(() => stage?.free())

  for (const scenario of ['everything at once', 'bits are turned over', 'datagrams are replayed']) {
    it(`is the same each time for the same seed, where ${scenario}`, () => {
      const lines = (seed: number): string[] => {
        const all: string[] = []
        play(scenario, seed, line => all.push(line), stage)
        return all
      }
      for (let seed = 1; seed <= 5; seed++) {
        const first = lines(seed)
        assert.ok(first.some(line => line.includes('takes DATA')))
        assert.deepEqual(lines(seed), first)
      }
    })
  }

  it('fails where a native object is left, and tells how to play it again', () => {
    let left: { free(): void } | undefined
    const makeMedium = (): Medium => {
      const medium = new SecureMedium(stage.contexts)
      left = medium.connect()
      return medium
    }
    const scenarios = { 'nothing at all': () => QUIET_PLAN }
    assert.throws(
      () => play('nothing at all', 5, undefined, { ...stage, makeMedium, scenarios }),
      /1 native objects are left.*\n.*--dtls --scenario 'nothing at all' --start 5 --seeds 1/,
    )
    left!.free()
  })

  it('leaves nothing native where it fails', () => {
    const alive = stage.contexts.engine.alive
    const { ms } = new Run(QUIET_PLAN, 1, undefined, stage.makeMedium()).play()
    for (let mostMs = 0; mostMs < ms; mostMs += 10) {
      assert.throws(() => new Run({ ...QUIET_PLAN, mostMs }, 1, undefined, stage.makeMedium()).play())
      assert.equal(stage.contexts.engine.alive, alive)
    }
  })

  it('puts each packet into a datagram of its own, or several into one', () => {
    const mostRecords = (sharedDatagramBytes: number): number => {
      let records = 0
      const host = { ...QUIET_PLAN.client.host, sharedDatagramBytes }
      const user = { ...QUIET_PLAN.client.user, writes: [[400_000]] }
      const side = { ...QUIET_PLAN.client, host, user }
      const medium = stage.makeMedium()
      const counting: Medium = {
        host(parts) {
          const made = medium.host(parts)
          const { receive } = made
          made.receive = (datagram, from, isFlipped) => {
            if (datagram[0] === APPLICATION_DATA) records = Math.max(records, [...recordsOf(datagram)].length)
            receive.call(made, datagram, from, isFlipped)
          }
          return made
        },
        checkEnd: () => medium.checkEnd(),
      }
      new Run({ ...QUIET_PLAN, client: side, server: side }, 1, undefined, counting).play()
      return records
    }
    assert.equal(mostRecords(0), 1)
    assert.ok(mostRecords(65_487) > 1)
  })
})
