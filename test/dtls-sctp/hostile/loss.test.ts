import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { connect, type Listener } from '../../../src/index.ts'
import { certificates } from '../../support/certificates.ts'
import { random } from '../../support/data.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { dtlsSctp } from '../../support/media.ts'
import { openListener } from '../../support/pairs.ts'
import { within } from '../../support/waiting.ts'
import { echo, serveEcho } from './support/echo.ts'
import { type Treatment, UdpRelay } from './support/udp-relay.ts'

failOnLeaks()

const { ca, client, localhost } = certificates
const HANDSHAKE_MS = 60_000

/** A listener that asks for certificates and echoes, and what it was told of handshakes that failed. */
async function openEcho(t: TestContext): Promise<{ listener: Listener; rejected: unknown[] }> {
  const rejected: unknown[] = []
  const listener = await openListener(t, dtlsSctp, {
    tls: { ...localhost, ca },
    handshakeTimeoutMs: HANDSHAKE_MS,
    onRejected: error => rejected.push(error),
  })
  void serveEcho(t, listener)
  return { listener, rejected }
}

/** A handshake with certificates at both ends, over a path that treats datagrams so, and an echo. */
async function dialOver(t: TestContext, listener: Listener, treat: Treatment): Promise<void> {
  const { address } = await UdpRelay.open(t, listener.address, treat)
  const times = { connectTimeoutMs: HANDSHAKE_MS, handshakeTimeoutMs: HANDSHAKE_MS }
  const connection = await connect(address, { ...times, tls: { ca, ...client } })
  t.after(() => connection.abort())
  assert.equal(connection.tls?.peerCertificate?.subject['CN'], 'localhost')
  await echo(connection, 1)
}

/** Loses, holds up and doubles datagrams; the same ones for the same seed. */
function badPath(seed: number, lossRate: number): Treatment {
  const chance = random(seed)
  return (datagram, _, pass) => {
    if (chance() < lossRate) return
    const copies = chance() < 0.1 ? 2 : 1
    for (let i = 0; i < copies; i++) {
      if (chance() < 0.2) setTimeout(() => pass(datagram), 1 + chance() * 20)
      else pass(datagram)
    }
  }
}

for (const percent of [10, 30]) {
  test(`ten of ten handshakes succeed where ${percent} % of the datagrams are lost and others late or doubled`, async t => {
    const { listener, rejected } = await openEcho(t)
    const handshakes = Array.from({ length: 10 }, (_, i) =>
      dialOver(t, listener, badPath(100 * percent + i, percent / 100)),
    )
    await within(Promise.all(handshakes), 'ten handshakes', 2 * HANDSHAKE_MS)
    assert.deepEqual(rejected, [])
  })
}

test('a handshake outlives the loss of any one of its first twenty datagrams', async t => {
  const { listener, rejected } = await openEcho(t)
  const handshakes = Array.from({ length: 20 }, (_, lost) => {
    let seen = 0
    return dialOver(t, listener, (datagram, _, pass) => {
      if (seen++ !== lost) pass(datagram)
    })
  })
  await within(Promise.all(handshakes), 'twenty handshakes', HANDSHAKE_MS)
  assert.deepEqual(rejected, [])
})
