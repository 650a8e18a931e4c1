import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { must } from '../sctp/simulation/violation.ts'
import { User, type UserPlan } from './simulation/user.ts'
import { World } from './simulation/world.ts'

const NEVER = Number.POSITIVE_INFINITY
const none = [NEVER, NEVER] as const

const plan = (sizes: readonly number[]): UserPlan => ({ sizes, sendGapMs: 0, readGapMs: 0, restMs: 0 })

/** The exchange of all these tests: some messages each way, and a clean end. */
const CLIENT = plan([1, 40, 90, 7, 150, 3])
const SERVER = plan([60, 2, 120, 30])

const session = { windowBytes: 250, windowMessages: 4, retryDelayMaxMs: 50 }
const listening = { windowBytes: 250, windowMessages: 4 }

/** Plays it with connections that are cut behind so many bytes; returns the bytes that the first one carried. */
async function exchange(cuts: readonly (readonly [number, number])[]): Promise<readonly [number, number]> {
  const world = new World(1)
  world.cuts = [...cuts]
  const client = new User('client', CLIENT, world.platform, world.chance.fork())
  const server = new User('server', SERVER, world.platform, world.chance.fork())
  const ends: Promise<void>[] = []
  world.serve({ session: listening, allowHalfOpen: true }, connection => {
    must(ends.length === 0, 'two sessions were handed out')
    ends.push(server.use(connection, client))
  })
  const used = world
    .connect({ session, allowHalfOpen: true })
    .then(connection => client.use(connection, server))
  await world.run(used, 100_000)
  await world.run(Promise.all(ends), 100_000)
  for (const user of [client, server]) {
    must(user.closedCleanly && user.sawEnd, () => `${user.name}: ${user.error?.stack ?? 'no clean end'}`)
  }
  const [near, far] = world.wires[0]!
  return [near.delivered, far.delivered]
}

/** The same, with what cut it in the message of a failure. */
async function cutAt(...cuts: (readonly [number, number])[]): Promise<void> {
  try {
    await exchange(cuts)
  } catch (cause) {
    throw new Error(`cut at ${cuts.map(cut => cut.join('/')).join(' and ')}: ${(cause as Error).message}`, {
      cause,
    })
  }
}

describe('an exchange that is cut', async () => {
  const [toClient, toServer] = await exchange([])

  it('carries HELLO, WELCOME, data, ACK and CLOSE', () => {
    assert(toClient > 108 + 212 + 32 + 36 * 3, `${toClient} bytes to the client`)
    assert(toServer > 100 + 291 + 48 + 36 * 3, `${toServer} bytes to the server`)
  })

  it('at every byte towards the client loses and doubles nothing', async () => {
    for (let at = 0; at <= toClient; at++) await cutAt([at, NEVER])
  })

  it('at every byte towards the server loses and doubles nothing', async () => {
    for (let at = 0; at <= toServer; at++) await cutAt([NEVER, at])
  })

  it('at every byte, at the same in both directions, loses and doubles nothing', async () => {
    for (let at = 0; at <= Math.max(toClient, toServer); at++) await cutAt([at, at])
  })

  it('twice in a row, at every byte and then at each of many, loses and doubles nothing', async () => {
    for (let at = 0; at <= toServer; at++) {
      for (const then of [1, 60, 107, 108, 120, 144, 150, 200, (at * 37) % toServer]) {
        await cutAt([NEVER, at], [then, NEVER])
      }
    }
  })

  it('at every byte of the connection that replays loses and doubles nothing', async () => {
    for (const first of [250, 300, 400, 500]) {
      for (let at = 0; at <= 600; at++) {
        await cutAt([NEVER, first], [NEVER, at])
        await cutAt([NEVER, first], [at, NEVER])
      }
    }
  })

  it('again and again, always a little later, comes to its end', async () => {
    const cuts = Array.from({ length: 60 }, (_, i) => [150 + i * 3, 150 + i * 2] as const)
    await exchange([none, ...cuts].slice(1))
  })
})
