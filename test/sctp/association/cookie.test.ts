import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CookieSigner, type CookieState } from '../../../src/transport/sctp/association/cookie.ts'
import { random } from '../../support/data.ts'

const LIFE_MS = 60_000
const PEER = '192.0.2.1:9899'

const mac = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update(message).digest()

function newSigner(): CookieSigner {
  const next = random(3)
  return new CookieSigner(mac, () => Math.floor(next() * 2 ** 32))
}

const state: CookieState = {
  localPort: 5000,
  peerPort: 65_535,
  localTag: -2,
  peerTag: 3,
  localInitialTsn: -(2 ** 31),
  peerInitialTsn: 2 ** 31 - 1,
  peerWindow: 0xffffffff,
  peerMarksEnds: true,
  peerZeroChecksumAcceptable: true,
  localTieTag: 7,
  peerTieTag: -8,
}

const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const port = fc.integer({ min: 1, max: 65_535 })
const fields = {
  localPort: port,
  peerPort: port,
  localTag: i32,
  peerTag: i32,
  localInitialTsn: i32,
  peerInitialTsn: i32,
  peerWindow: u32,
  peerMarksEnds: fc.boolean(),
  peerZeroChecksumAcceptable: fc.boolean(),
  localTieTag: i32,
  peerTieTag: i32,
}
const anyState: fc.Arbitrary<CookieState> = fc.record(fields, { noNullPrototype: true })

describe('a State Cookie (RFC 9260, section 5.1.3)', () => {
  it('brings back all that was put into it', () => {
    const signer = newSigner()
    fc.assert(
      fc.property(anyState, fc.nat(LIFE_MS), (any, ageMs) => {
        const opened = signer.open(signer.sign(any, PEER, 1000), any, PEER, 1000 + ageMs)
        assert.deepEqual(opened, { kind: 'fresh', state: any, ageMs })
      }),
    )
  })

  it('is forged when any single bit differs (section 5.1.5, 1)', () => {
    const signer = newSigner()
    const cookie = signer.sign(state, PEER, 1000)
    for (let bit = 0; bit < cookie.length * 8; bit++) {
      const copy = cookie.slice()
      copy[bit >> 3]! ^= 1 << (bit & 7)
      assert.equal(signer.open(copy, state, PEER, 1000).kind, 'forged', `bit ${bit}`)
    }
  })

  it('is forged when it is shorter or longer', () => {
    const signer = newSigner()
    const cookie = signer.sign(state, PEER, 1000)
    for (let length = 0; length < cookie.length; length++) {
      assert.equal(signer.open(cookie.slice(0, length), state, PEER, 1000).kind, 'forged')
    }
    assert.equal(signer.open(Uint8Array.of(...cookie, 0), state, PEER, 1000).kind, 'forged')
  })

  it('is good only for whom it was sent to', () => {
    const signer = newSigner()
    const cookie = signer.sign(state, PEER, 1000)
    for (const other of ['192.0.2.2:9899', '192.0.2.1:9898', '', '192.0.2.1:98990'])
      assert.equal(signer.open(cookie, state, other, 1000).kind, 'forged')
  })

  it('is good only between the ports of its INIT', () => {
    const signer = newSigner()
    const cookie = signer.sign(state, PEER, 1000)
    for (const other of [
      { ...state, localPort: 5001 },
      { ...state, peerPort: 65_534 },
      { localPort: state.peerPort, peerPort: state.localPort },
    ])
      assert.equal(signer.open(cookie, other, PEER, 1000).kind, 'forged')
  })

  it('tells its age where the clock has gone beyond 32 bits meanwhile', () => {
    const signer = newSigner()
    const cookie = signer.sign(state, PEER, 2 ** 32 - 500)
    assert.deepEqual(signer.open(cookie, state, PEER, 2 ** 32 + 499.5), { kind: 'fresh', state, ageMs: 999 })
  })

  it('is good only for the endpoint that has signed it', () => {
    const next = random(4)
    const other = new CookieSigner(mac, () => Math.floor(next() * 2 ** 32))
    other.sign(state, PEER, 1000)
    assert.equal(other.open(newSigner().sign(state, PEER, 1000), state, PEER, 1000).kind, 'forged')
  })

  it('opens nothing before anything was signed', () => {
    assert.equal(newSigner().open(new Uint8Array(49), state, PEER, 0).kind, 'forged')
  })

  it('is stale after its life, and says how old it is (section 5.2.6)', () => {
    const signer = newSigner()
    const cookie = signer.sign(state, PEER, 1000)
    assert.equal(signer.open(cookie, state, PEER, 1000 + LIFE_MS).kind, 'fresh')
    assert.deepEqual(signer.open(cookie, state, PEER, 1001 + LIFE_MS), {
      kind: 'stale',
      state,
      ageMs: LIFE_MS + 1,
    })
  })

  it('outlives one change of the key, for as long as it is not stale', () => {
    const signer = newSigner()
    signer.sign(state, PEER, 0)
    const late = signer.sign(state, PEER, LIFE_MS - 1)
    signer.sign(state, PEER, LIFE_MS)
    assert.equal(signer.open(late, state, PEER, 2 * LIFE_MS - 1).kind, 'fresh')
  })

  it('is forged once its key is gone', () => {
    const signer = newSigner()
    const cookie = signer.sign(state, PEER, 0)
    signer.sign(state, PEER, LIFE_MS)
    signer.sign(state, PEER, 2 * LIFE_MS)
    assert.equal(signer.open(cookie, state, PEER, 2 * LIFE_MS).kind, 'forged')
  })

  it('is signed by another key after each life', () => {
    const signer = newSigner()
    const sums = [0, LIFE_MS, 2 * LIFE_MS].map(now => signer.sign(state, PEER, now).slice(33).join())
    assert.equal(new Set(sums).size, 3)
  })
})
