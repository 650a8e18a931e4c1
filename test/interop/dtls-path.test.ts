import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { assertCleanEnd } from '../support/data.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { within } from '../support/waiting.ts'
import { assertEndedByShutdown } from './support/expected.ts'
import { joinedByRelay, ROLES, type Role } from './support/joined.ts'
import { overDtls } from './support/kinds.ts'
import { AGAIN_SOON, echo, echoesOver, paths } from './support/paths.ts'
import { ContentType, recordsIn } from './support/records.ts'
import type { Fate, Path } from './support/relay.ts'
import { describeWith } from './support/tools.ts'

/** The handshake of both ends, their association's, and some data. */
const FIRST = 20

/** What becomes of one datagram, counted from the first. */
async function echoesThough(t: TestContext, role: Role, fate: Fate, index: number): Promise<void> {
  // So small that the peer cuts certificates.
  const options = { handshake: 600, ...AGAIN_SOON }
  const path: Path = (_, at) => (at === index ? fate : 'passes')
  const { connection, peer, relay } = await joinedByRelay(t, overDtls, role, 'echo', path, options)
  await echo(connection, 3, 1000)
  await within(connection.close(), 'close')
  await assertCleanEnd(connection.reader)
  await assertEndedByShutdown(peer, 3, 1000)
  assert(relay.datagrams.length > index, `${relay.datagrams.length} datagrams`)
}

const isAlert: (datagram: Uint8Array) => boolean = datagram =>
  recordsIn(datagram).some(({ type }) => type === ContentType.ALERT)

describeWith(overDtls.needs, 'over a path to usrsctp over DTLS', () => {
  failOnLeaks()

  for (const role of ROLES) {
    for (const [name, path] of Object.entries(paths)) {
      it(`that ${name}, everything arrives in order: usrsctp as ${role}`, async t => {
        await echoesOver(t, overDtls, role, path, [20, 20_000])
      })
    }

    for (const fate of ['is lost', 'comes twice', 'is late'] as const) {
      it(`where any one of the first datagrams ${fate}, everything arrives: usrsctp as ${role}`, async t => {
        for (let first = 0; first < FIRST; first += 5) {
          const some = [0, 1, 2, 3, 4].map(more => first + more)
          await Promise.all(some.map(index => echoesThough(t, role, fate, index)))
        }
      })
    }

    it(`that gives everything twice, everything arrives once: usrsctp as ${role}`, async t => {
      await echoesOver(t, overDtls, role, () => 'comes twice', [20, 20_000])
    })

    it(`that loses every close_notify, both ends end cleanly: usrsctp as ${role}`, async t => {
      const path: Path = datagram => (isAlert(datagram) ? 'is lost' : 'passes')
      await echoesOver(t, overDtls, role, path, [3, 1000])
    })
  }
})
