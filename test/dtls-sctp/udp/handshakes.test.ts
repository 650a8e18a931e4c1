import assert from 'node:assert/strict'
import { describe, it, type TestContext, test } from 'node:test'
import type { ConnectError } from '../../../src/index.ts'
import { resolveListenOptions } from '../../../src/options.ts'
import { parseAddress } from '../../../src/transport/address.ts'
import { loadEngine } from '../../../src/transport/dtls-sctp/engine/load-engine.ts'
import { DtlsSctpListener } from '../../../src/transport/dtls-sctp/udp/dtls-sctp-listener.ts'
import { Handshakes, MAX_HANDSHAKES } from '../../../src/transport/dtls-sctp/udp/handshakes.ts'
import { systemLookup } from '../../../src/transport/host-lookup.ts'
import { certificates } from '../../support/certificates.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { dtlsSctp } from '../../support/media.ts'
import { openClient } from '../../support/pairs.ts'
import { until, within } from '../../support/waiting.ts'
import { HandClient } from '../hostile/support/hellos.ts'
import { ContentType } from '../hostile/support/records.ts'

failOnLeaks()

const from = (address: string): { peer: { address: string } } => ({ peer: { address } })

describe('the handshakes that are under way', () => {
  it('are at most a thousand', () => {
    assert.equal(MAX_HANDSHAKES, 1000)
    const handshakes = new Handshakes()
    for (let i = 0; i < 999; i++) handshakes.add(from(`192.0.2.${i % 256}`))
    assert.equal(handshakes.isFull, false)
    handshakes.add(from('192.0.2.7'))
    assert.equal(handshakes.isFull, true)
    assert.equal(handshakes.size, 1000)
  })

  it('count no longer when they are removed, be it twice', () => {
    const handshakes = new Handshakes(1)
    const one = from('192.0.2.1')
    handshakes.add(one)
    assert(handshakes.has(one))
    for (let i = 0; i < 2; i++) handshakes.remove(one)
    assert.equal(handshakes.has(one), false)
    assert.equal(handshakes.size, 0)
    assert.equal(handshakes.isFull, false)
  })

  it('give way to a network with fewer: the oldest of that with most', () => {
    const handshakes = new Handshakes(4)
    const [one, two, three, four] = ['192.0.2.1', '192.0.2.2', '192.0.2.2', '192.0.2.3'].map(from)
    for (const each of [one!, two!, three!, four!]) handshakes.add(each)
    assert.equal(handshakes.weakestAgainst('192.0.2.9'), two)
    assert.equal(handshakes.weakestAgainst('192.0.2.1'), two)
    handshakes.remove(two!)
    assert.equal(handshakes.weakestAgainst('192.0.2.9'), one)
  })

  it('do not give way to the network with most, nor to one with as many', () => {
    const handshakes = new Handshakes(3)
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) handshakes.add(from(address))
    assert.equal(handshakes.weakestAgainst('192.0.2.1'), undefined)
    handshakes.remove(handshakes.weakestAgainst('192.0.2.9')!)
    assert.equal(handshakes.weakestAgainst('192.0.2.1'), undefined)
    assert.equal(handshakes.weakestAgainst('192.0.2.2'), undefined)
  })

  it('are counted by /64 in IPv6', () => {
    const handshakes = new Handshakes(3)
    const oldest = from('2001:db8::1')
    for (const each of [oldest, from('2001:db8::2'), from('2001:db8:0:1::1')]) handshakes.add(each)
    assert.equal(handshakes.weakestAgainst('2001:db8::3'), undefined)
    assert.equal(handshakes.weakestAgainst('2001:db8:0:2::1'), oldest)
  })
})

/** A listener that has room for this many handshakes, and what it was told. */
async function openFor(t: TestContext, most: number) {
  const rejected: ConnectError[] = []
  const accepted: unknown[] = []
  const address = parseAddress('dtls-sctp://127.0.0.1:0')
  const target = { host: '127.0.0.1', port: 0, sctpPort: 5000 }
  const settings = resolveListenOptions({ tls: certificates.localhost })
  const sink = {
    onStream: (stream: { reset(midFrame: boolean): void }) => {
      accepted.push(stream)
      t.after(() => stream.reset(false))
    },
    onRejected: (error: ConnectError) => void rejected.push(error),
  }
  const listener = await DtlsSctpListener.open(
    await loadEngine(),
    address,
    target,
    settings,
    sink,
    systemLookup,
    new Handshakes(most),
  )
  t.after(() => listener.close())
  return { listener, rejected, accepted }
}

test('handshakes under way are bounded, and who is refused is told of', async t => {
  const { listener, rejected } = await openFor(t, 3)
  const answers: number[] = []
  for (let i = 0; i < 5; i++) answers.push(await (await HandClient.open(t, listener.address)).begin())
  const { HANDSHAKE, ALERT } = ContentType
  assert.deepEqual(answers, [HANDSHAKE, HANDSHAKE, HANDSHAKE, ALERT, ALERT])
  assert.equal(rejected.length, 2)
  for (const { code, message, remoteAddress } of rejected) {
    assert.equal(code, 'LISTENER_FULL')
    assert.match(remoteAddress ?? 'none', /^dtls-sctp:\/\/127\.0\.0\.1:\d+$/)
    assert.match(message, /3 handshakes are under way/)
  }
})

test('a handshake that is done makes room for another', async t => {
  const { listener, rejected, accepted } = await openFor(t, 1)
  for (let i = 1; i <= 3; i++) {
    await openClient(t, dtlsSctp, listener.address)
    await until(() => accepted.length === i, 'it is accepted')
  }
  assert.deepEqual(rejected, [])
})

test('a client that begins another handshake from its address needs no room for it', async t => {
  const { listener, rejected } = await openFor(t, 1)
  const client = await HandClient.open(t, listener.address)
  assert.equal(await client.begin(), ContentType.HANDSHAKE)
  await client.beginAnew()
  await until(() => rejected.length > 0, 'the first is told of')
  assert.equal(rejected[0]!.code, 'HANDSHAKE_FAILED')
  assert.match(rejected[0]!.message, /the client has begun another/)
})

test('one address that fills the room with handshakes does not keep out another', async t => {
  const { listener, rejected, accepted } = await openFor(t, 3)
  const clients = []
  for (let i = 0; i < 3; i++) clients.push(await HandClient.open(t, listener.address))
  for (const client of clients) await client.begin()
  const other = await HandClient.open(t, listener.address, '127.0.0.2')
  assert.equal(await other.begin(), ContentType.HANDSHAKE)
  assert.equal(rejected.length, 1)
  assert.equal(rejected[0]!.remoteAddress, clients[0]!.address)
  await within(other.finish())
  assert.equal(accepted.length, 0)
})
