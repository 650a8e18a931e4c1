import assert from 'node:assert/strict'
import { it } from 'node:test'
import { failOnLeaks } from '../support/leaks.ts'
import { sleep, within } from '../support/waiting.ts'
import { CHUNK, type ChunkName } from './support/chunks.ts'
import { joinedByRelay, ROLES } from './support/joined.ts'
import { overUdp } from './support/kinds.ts'
import { echo, echoesOver, paths } from './support/paths.ts'
import type { Path, Relay } from './support/relay.ts'
import { describeWith } from './support/tools.ts'

/** What the packets of this library have at first, and what those of usrsctp have. */
const BASE = 1200
const LARGEST = 1472

const takesNoLarge: Path = packet => (packet.length > LARGEST ? 'is lost' : 'passes')

/** Loses the first packet that begins with this type of chunk. */
function losesFirst(type: ChunkName): Path {
  let lost = false
  return packet => {
    if (lost || packet[12] !== CHUNK[type]) return 'passes'
    lost = true
    return 'is lost'
  }
}

const kinds = [
  ...(['INIT', 'INIT_ACK', 'COOKIE_ECHO', 'COOKIE_ACK'] as const),
  ...(['DATA', 'SACK', 'SHUTDOWN', 'SHUTDOWN_ACK'] as const),
]

describeWith(['cc', 'usrsctp'], 'over a path to usrsctp', () => {
  failOnLeaks()

  for (const role of ROLES) {
    for (const [name, path] of Object.entries({ ...paths, 'takes no large packets': takesNoLarge })) {
      it(`that ${name}, everything arrives in order: usrsctp as ${role}`, async t => {
        await echoesOver(t, overUdp, role, path, [20, 20_000])
      })
    }

    it(`that loses the first packet of a kind, everything arrives: usrsctp as ${role}`, async t => {
      await Promise.all(kinds.map(kind => echoesOver(t, overUdp, role, losesFirst(kind), [3, 1000])))
    })

    // It asks again after a second, the least that RFC 9260 recommends.
    it(`that loses the last packet, both ends end cleanly: usrsctp as ${role}`, async t => {
      await echoesOver(t, overUdp, role, losesFirst('SHUTDOWN_COMPLETE'), [3, 1000], {})
    })

    it(`that takes no large packets, they become as large as it takes: usrsctp as ${role}`, async t => {
      const { connection, relay } = await joinedByRelay(t, overUdp, role, 'echo', takesNoLarge)
      const largest = (): number => largestData(relay, role === 'client')
      for (let i = 0; i < 200 && largest() <= BASE; i++) {
        await echo(connection, 5, 50_000)
        await sleep(20)
      }
      await within(connection.close(), 'close')
      assert(largest() > BASE && largest() <= LARGEST, `${largest()} bytes`)
    })
  }
})

/** The largest packet with data that one of the ends has sent. */
function largestData({ datagrams }: Relay, fromServer: boolean): number {
  const own = datagrams.filter(one => one.fromServer === fromServer && one.payload[12] === CHUNK.DATA)
  return Math.max(0, ...own.map(({ payload }) => payload.length))
}
