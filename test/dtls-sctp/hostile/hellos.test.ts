import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectError } from '../../../src/index.ts'
import { loadEngine } from '../../../src/transport/dtls-sctp/engine/load-engine.ts'
import { bytesOf } from '../../support/data.ts'
import { connectError, failure } from '../../support/errors.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { dtlsSctp } from '../../support/media.ts'
import { acceptOne, openClient, openListener, type openPair } from '../../support/pairs.ts'
import { sleep, until, within } from '../../support/waiting.ts'
import { clientHello, HandClient } from './support/hellos.ts'
import { LivePair } from './support/live-pair.ts'
import {
  ContentType,
  epochOf,
  fragmentsOf,
  HandshakeType,
  helloFragments,
  RANDOM_AT,
  RANDOM_BYTES,
  recordsIn,
} from './support/records.ts'
import type { Way } from './support/udp-relay.ts'

failOnLeaks()

/** Sends 500 hellos from the address of a live peer; returns what is answered, which nothing protects. */
async function answersTo(
  t: Parameters<typeof openPair>[0],
  hello: (i: number) => Promise<Buffer>,
): Promise<Buffer[]> {
  const answers: Buffer[] = []
  let isAttacked = false
  const pair = await LivePair.open(t, (datagram, way, pass) => {
    if (isAttacked && way === 'toClient' && epochOf(datagram) === 0) answers.push(Buffer.from(datagram))
    pass(datagram)
  })
  isAttacked = true
  const hellos: [Way, Buffer][] = []
  for (let i = 0; i < 500; i++) hellos.push(['toServer', await hello(i)])
  await pair.assertOutlives(pair.inject(hellos))
  return answers
}

test('hellos without a cookie, from the address of a live peer, are answered with one and do no harm', async t => {
  const answers = await answersTo(t, () => clientHello())
  assert.equal(answers.length, 500)
  const { length } = await clientHello()
  for (const answer of answers) {
    assert.equal(recordsIn(answer).length, 1)
    assert.equal(fragmentsOf(answer, HandshakeType.HELLO_VERIFY_REQUEST).length, 1)
    assert(answer.length < length, 'the answer is longer than the hello')
  }
})

test('hellos with a wrong cookie, from the address of a live peer, begin no handshake', async t => {
  const answers = await answersTo(t, i => clientHello(bytesOf(i % 256, i)))
  assert(answers.length <= 500, 'one answer each, at most')
  for (const answer of answers) {
    assert.equal(fragmentsOf(answer, HandshakeType.HELLO_VERIFY_REQUEST).length, 1)
  }
})

test('a handshake that is heard and sent again leaves the connection as it is', async t => {
  const heard: Buffer[] = []
  let isDone = false
  const pair = await LivePair.open(
    t,
    (datagram, way, pass) => {
      if (!isDone && way === 'toServer' && epochOf(datagram) === 0) heard.push(Buffer.from(datagram))
      pass(datagram)
    },
    { handshakeTimeoutMs: 300 },
  )
  isDone = true
  const engine = await loadEngine()
  const before = engine.alive
  let most = 0
  let isOver = false
  const attack = async (): Promise<void> => {
    for (let i = 0; i < 300; i++) {
      for (const datagram of heard) await pair.relay.inject(datagram, 'toServer')
      most = Math.max(most, engine.alive)
      if (i % 10 === 0) await sleep(5)
    }
    await sleep(400)
    isOver = true
  }
  const over = attack()
  while (!isOver) await pair.echo(20)
  await over
  await pair.echo(1000)
  assert(most <= before + 2, `${most - before} native objects more: a hello and one handshake have one each`)
  for (const error of pair.rejected) connectError(error, 'HANDSHAKE_TIMEOUT', 'HANDSHAKE_FAILED')
  assert(engine.alive <= before + 1, 'native objects are left behind')
})

test('handshakes that stop behind the cookie are bounded by maxConnections, and ended in time', async t => {
  const rejected: ConnectError[] = []
  const listener = await openListener(t, dtlsSctp, {
    maxConnections: 5,
    handshakeTimeoutMs: 1500,
    onRejected: error => rejected.push(error),
  })
  const codes = (): string[] => rejected.map(({ code }) => code)
  const engine = await loadEngine()
  const clients = await Promise.all(Array.from({ length: 8 }, () => HandClient.open(t, listener.address)))
  const before = engine.alive
  const answers = []
  for (const client of clients) answers.push(await client.begin())
  assert.deepEqual(answers, [...Array(5).fill(ContentType.HANDSHAKE), ...Array(3).fill(ContentType.ALERT)])
  assert.deepEqual(codes(), Array(3).fill('LISTENER_FULL'))
  // An eighth was looked at, and is kept for the next hello.
  assert(engine.alive <= before + 6, `${engine.alive - before} native objects`)
  await failure(openClient(t, dtlsSctp, listener.address), 'HANDSHAKE_FAILED')
  assert.deepEqual(codes(), Array(4).fill('LISTENER_FULL'))
  await until(() => rejected.length >= 9, 'the five are ended')
  assert.deepEqual(codes().slice(4), Array(5).fill('HANDSHAKE_TIMEOUT'))
  assert.match(rejected[4]!.message, /1500/)
  await openClient(t, dtlsSctp, listener.address)
  await acceptOne(t, listener)
  assert.equal(rejected.length, 9)
})

test('fifty handshakes that stop behind the cookie delay nobody else', async t => {
  const listener = await openListener(t, dtlsSctp)
  for (let i = 0; i < 50; i++) await (await HandClient.open(t, listener.address)).begin()
  const accepted = acceptOne(t, listener)
  await openClient(t, dtlsSctp, listener.address)
  await accepted
  await within(listener.close())
})

test('a hello whose first fragment has no room for a cookie leaves nothing behind', async t => {
  const rejected: unknown[] = []
  const onRejected = (error: ConnectError): unknown => rejected.push(error)
  const listener = await openListener(t, dtlsSctp, { onRejected })
  const engine = await loadEngine()
  const client = await HandClient.open(t, listener.address)
  const first = client.firstHello()
  await client.send(first)
  const second = await client.secondHello()
  const before = engine.alive
  for (const hello of [first, second]) {
    for (const bytes of [1, 20, 33, 34, 60]) {
      const fragments = helloFragments(hello, bytes)
      for (const each of fragments) await client.send(each)
      await client.send(Buffer.concat(fragments))
    }
  }
  await sleep(50)
  for (const answer of client.answers) {
    assert.equal(fragmentsOf(answer, HandshakeType.HELLO_VERIFY_REQUEST).length, 1)
  }
  assert.equal(engine.alive, before)
  await openClient(t, dtlsSctp, listener.address)
  await acceptOne(t, listener)
  assert.deepEqual(rejected, [])
})

for (const how of ['datagrams of their own', 'one datagram'] as const) {
  test(`a hello in fragments, the cookie in the first, begins a handshake: in ${how}`, async t => {
    const listener = await openListener(t, dtlsSctp)
    const client = await HandClient.open(t, listener.address)
    await client.send(client.firstHello())
    const fragments = helloFragments(await client.secondHello(), 90)
    assert(fragments.length > 1)
    if (how === 'one datagram') await client.send(Buffer.concat(fragments))
    else for (const each of fragments) await client.send(each)
    await within(client.finish())
  })
}

test('a cookie is good for the hello alone that it has answered', async t => {
  const rejected: unknown[] = []
  const onRejected = (error: ConnectError): unknown => rejected.push(error)
  const listener = await openListener(t, dtlsSctp, { onRejected })
  const client = await HandClient.open(t, listener.address)
  await client.send(client.firstHello())
  const own = await client.secondHello()
  const cookie = cookieIn(client.answers[0]!)
  // Each from the address that the cookie is for: another random, and another suite.
  const others = [await clientHello(cookie), withOtherSuite(own)]
  for (const [index, hello] of others.entries()) {
    await client.send(hello)
    await until(() => client.answers.length === index + 2, 'an answer')
    const answer = client.answers[index + 1]!
    assert.equal(fragmentsOf(answer, HandshakeType.HELLO_VERIFY_REQUEST).length, 1)
    assert.notDeepEqual(cookieIn(answer), cookie)
  }
  await client.send(own)
  await until(() => client.answers.length > others.length + 1, 'an answer')
  assert.equal(fragmentsOf(client.answers[others.length + 1]!, HandshakeType.SERVER_HELLO).length, 1)
  assert.deepEqual(rejected, [])
})

test('a cookie is good for the address alone that it was sent to', async t => {
  const listener = await openListener(t, dtlsSctp)
  const [client, other] = [
    await HandClient.open(t, listener.address),
    await HandClient.open(t, listener.address),
  ]
  await client.send(client.firstHello())
  await other.send(await client.secondHello())
  await until(() => other.answers.length === 1, 'an answer')
  assert.equal(fragmentsOf(other.answers[0]!, HandshakeType.HELLO_VERIFY_REQUEST).length, 1)
})

/** The cookie of a HelloVerifyRequest, behind its version and length. */
function cookieIn(datagram: Buffer): Buffer {
  const [request] = fragmentsOf(datagram, HandshakeType.HELLO_VERIFY_REQUEST)
  return Buffer.from(request!.subarray(15))
}

/** The hello with another first cipher suite. */
function withOtherSuite(hello: Buffer): Buffer {
  const copy = Buffer.from(hello)
  const sessionIdAt = RANDOM_AT + RANDOM_BYTES
  const cookieAt = sessionIdAt + 1 + copy[sessionIdAt]!
  const suitesAt = cookieAt + 1 + copy[cookieAt]! + 2
  copy.writeUInt16BE(0xc0ff, suitesAt)
  return copy
}
