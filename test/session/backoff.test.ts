import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StreamConnection } from '../../src/connection/connection.ts'
import { Backoff } from '../../src/session/backoff.ts'
import { World } from './simulation/world.ts'
import { datagramsOf } from './support.ts'

describe('the pauses between tries', () => {
  it('are none before the first, then drawn from 0 to a longest that doubles up to a limit', () => {
    const most = new Backoff(100, 1000, () => 0.999999)
    assert.deepEqual(
      Array.from({ length: 7 }, () => most.next()),
      [0, 99, 199, 399, 799, 999, 999],
    )
    const least = new Backoff(100, 1000, () => 0)
    for (let i = 0; i < 5; i++) assert.equal(least.next(), 0)
  })

  it('begin anew when a connection has lasted longer than a pause would', () => {
    const backoff = new Backoff(100, 1000, () => 0.999999)
    for (let i = 0; i < 3; i++) backoff.next()
    backoff.noteLasted(399)
    assert.equal(backoff.next(), 399)
    backoff.noteLasted(801)
    assert.deepEqual([backoff.next(), backoff.next()], [0, 99])
  })

  it('never keep a session waiting whose connections all carry something before they break', async () => {
    const world = new World(5)
    world.cuts = Array.from({ length: 50 }, () => [Number.POSITIVE_INFINITY, 2500] as const)
    let read = 0
    world.serve({ session: true }, connection => void readAll(connection))
    const readAll = async ({ reader }: StreamConnection): Promise<void> => {
      for await (const _ of reader) read++
    }
    const client = await begin(world)
    for (const datagram of datagramsOf(Array.from({ length: 100 }, () => 500))) {
      await world.run(client.writer.send(datagram), 60_000)
    }
    const from = world.clock.now
    await world.run(client.close(), 60_000)
    assert.equal(read, 100)
    assert(world.wires.length > 20, `only ${world.wires.length} connections`)
    // A connection takes 10 ms to be made, and some more to carry what it does.
    assert(world.clock.now - from < world.wires.length * 200, `it took ${world.clock.now - from} ms`)
  })
})

async function begin(world: World): Promise<StreamConnection> {
  const connecting = world.connect({ session: { retryDelayMs: 10_000, retryDelayMaxMs: 100_000 } })
  await world.run(connecting, 60_000)
  return connecting
}
