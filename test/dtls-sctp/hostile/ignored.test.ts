import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, random } from '../../support/data.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { sleep } from '../../support/waiting.ts'
import { LivePair } from './support/live-pair.ts'
import { ContentType, epochOf, record } from './support/records.ts'
import type { Way } from './support/udp-relay.ts'

failOnLeaks()

// All of it comes from the address of the peer, at both ends of a connection that goes on.

const WAYS = ['toServer', 'toClient'] as const

type Injected = readonly [Way, Uint8Array]

function* toBoth(datagrams: Iterable<Uint8Array>): Generator<Injected> {
  for (const datagram of datagrams) for (const way of WAYS) yield [way, datagram]
}

/** Every length from 0 to 2,000, and some up to what a datagram has room for. */
function* lengths(): Generator<number> {
  for (let length = 0; length <= 2000; length++) yield length
  for (let length = 2001; length < 65_000; length += 4500) yield length
  yield 65_000
}

function* junk(): Generator<Uint8Array> {
  for (const length of lengths()) yield bytesOf(length, length)
}

/** Bytes behind the header of a record as it could be; its length is right half of the time. */
function* plausible(seed: number): Generator<Uint8Array> {
  const chance = random(seed)
  const one = <T>(of: readonly T[]): T => of[Math.floor(chance() * of.length)]!
  for (const length of lengths()) {
    const fragment = bytesOf(length, length + seed)
    const header = {
      type: one([20, 21, 22, 23, 24, 25, 255]),
      version: one([0xfefd, 0xfeff, 0xfefc, 0x0303]),
      epoch: one([0, 1, 2, 65_535]),
      sequence: one([0, 1, 40, 2 ** 32, 2 ** 48 - 1]),
    }
    const told = one([undefined, undefined, 0, 1, length - 1, length + 1, 16_384, 65_535])
    if (told === undefined || told < 0)
      yield record({ ...header, length: Math.min(length, 65_535) }, fragment)
    else yield record({ ...header, length: Math.min(told, 65_535) }, fragment)
  }
}

function* alerts(): Generator<Uint8Array> {
  const CLOSE_NOTIFY = Buffer.of(1, 0)
  for (const version of [0xfefd, 0xfeff]) {
    for (const epoch of [0, 1, 2]) {
      for (const sequence of [0, 5, 1000, 2 ** 48 - 1]) {
        const fields = { type: ContentType.ALERT, version, epoch, sequence }
        yield record(fields, CLOSE_NOTIFY)
        for (let reason = 0; reason <= 120; reason++) yield record(fields, Buffer.of(2, reason))
      }
    }
  }
}

function* plaintext(): Generator<Uint8Array> {
  for (const type of [ContentType.APPLICATION_DATA, ContentType.HANDSHAKE, ContentType.CHANGE_CIPHER_SPEC]) {
    for (const epoch of [0, 1, 2]) {
      for (let sequence = 0; sequence < 200; sequence++) {
        const length = type === ContentType.CHANGE_CIPHER_SPEC ? 1 : 1 + 7 * sequence
        yield record({ type, epoch, sequence }, new Uint8Array(length).fill(1))
      }
    }
  }
}

for (const [what, datagrams] of [
  ['junk of every length', junk],
  ['junk behind plausible record headers', () => plausible(1)],
  ['more junk behind plausible record headers', () => plausible(2)],
  ['alerts that nobody has encrypted, close_notify among them', alerts],
  ['data and handshake messages that nobody has encrypted', plaintext],
] as const) {
  test(`${what} does no harm to a connection`, async t => {
    const pair = await LivePair.open(t)
    await pair.echo(20)
    await pair.assertOutlives(pair.inject(toBoth(datagrams())))
  })
}

test('ten thousand datagrams that were heard before do no harm to a connection, in any order', async t => {
  const heard: Injected[] = []
  const pair = await LivePair.open(t, (datagram, way, pass) => {
    if (epochOf(datagram) > 0 && heard.length < 2000) heard.push([way, Buffer.from(datagram)])
    pass(datagram)
  })
  for (let i = 0; i < 100; i++) await pair.echo(1)
  assert(heard.length >= 200, 'too little was heard')
  const chance = random(3)
  function* replayed(): Generator<Injected> {
    for (let i = 0; i < 10_000; i++) yield heard[Math.floor(chance() * heard.length)]!
  }
  await pair.assertOutlives(pair.inject(replayed()))
})

test('records of the handshake, heard again, do no harm to the client', async t => {
  const heard: Buffer[] = []
  const pair = await LivePair.open(t, (datagram, way, pass) => {
    if (way === 'toClient' && epochOf(datagram) === 0) heard.push(Buffer.from(datagram))
    pass(datagram)
  })
  assert(heard.length >= 4, 'a cookie, two datagrams with certificates, and a Finished')
  function* replayed(): Generator<Injected> {
    for (let i = 0; i < 2000; i++) yield ['toClient', heard[i % heard.length]!]
  }
  await pair.assertOutlives(pair.inject(replayed()))
})

test('a bit that is wrong in every datagram for seconds costs time and nothing else', async t => {
  const chance = random(4)
  let flipping = false
  let flipped = 0
  const pair = await LivePair.open(t, (datagram, _, pass) => {
    if (flipping) {
      datagram[Math.floor(chance() * datagram.length)]! ^= 1 << Math.floor(chance() * 8)
      flipped++
    }
    pass(datagram)
  })
  const attack = async (): Promise<void> => {
    flipping = true
    await sleep(2500)
    flipping = false
  }
  await pair.assertOutlives(attack())
  assert(flipped > 5, `only ${flipped} datagrams were changed`)
})

test('every datagram beside a copy with a wrong bit arrives as it is', async t => {
  const chance = random(5)
  let flipped = 0
  const pair = await LivePair.open(t, (datagram, _, pass) => {
    // Nothing protects a handshake against whoever can change it.
    if (epochOf(datagram) > 0) {
      const copy = Buffer.from(datagram)
      copy[Math.floor(chance() * copy.length)]! ^= 1 << Math.floor(chance() * 8)
      pass(copy)
      flipped++
    }
    pass(datagram)
  })
  await pair.assertOutlives(sleep(1500))
  assert(flipped > 100, `only ${flipped} datagrams were changed`)
})

test('datagrams that are cut, put together or followed by junk do no harm to a connection', async t => {
  const chance = random(6)
  let last: Buffer = Buffer.alloc(0)
  let spoiled = 0
  const pair = await LivePair.open(t, (datagram, _, pass) => {
    const kind = epochOf(datagram) === 0 ? 1 : chance()
    const cut = datagram.subarray(0, Math.floor(chance() * datagram.length))
    if (kind < 0.3) spoiled++
    if (kind < 0.05) pass(cut)
    else if (kind < 0.1) pass(Buffer.concat([cut, datagram]))
    else if (kind < 0.2) pass(Buffer.concat([datagram, last]))
    else if (kind < 0.3) pass(Buffer.concat([datagram, bytesOf(40, spoiled)]))
    else pass(datagram)
    last = Buffer.from(datagram)
  })
  await pair.assertOutlives(sleep(1500))
  assert(spoiled > 20, `only ${spoiled} datagrams were spoiled`)
})
