import { readI32, readU16, readU32, writeU16, writeU32 } from '../wire/bytes.ts'
import type { Tsn } from '../wire/serial.ts'
import { VALID_COOKIE_LIFE_MS } from './protocol-values.ts'

/** All that a server needs to build an association, so that it keeps nothing until the cookie comes back. */
export interface CookieState {
  readonly localPort: number
  readonly peerPort: number
  readonly localTag: number
  readonly peerTag: number
  readonly localInitialTsn: Tsn
  readonly peerInitialTsn: Tsn
  readonly peerWindow: number
  /** Of the peer's INIT; RFC 5061, section 4.1. */
  readonly peerAdaptationCode: number | undefined
  /** Of the peer's INIT; RFC 9653, section 4. */
  readonly peerZeroChecksumAcceptable: boolean
  /** The tags of the association that there already was, both 0 if there was none (RFC 9260, section 5.2.2). */
  readonly localTieTag: number
  readonly peerTieTag: number
}

export type OpenedCookie =
  | { readonly kind: 'fresh' | 'stale'; readonly state: CookieState; readonly ageMs: number }
  | { readonly kind: 'forged' }

/** HMAC-SHA256, 32 bytes. */
export type Mac = (key: Uint8Array, message: Uint8Array) => Uint8Array

const FIELDS_BYTES = 45
const MAC_BYTES = 32
const KEY_BYTES = 32

/** Flags of the last byte. */
const HAS_ADAPTATION_CODE = 1
const ZERO_CHECKSUM_ACCEPTABLE = 2

/**
 * Makes State Cookies and opens those that come back (RFC 9260, sections 5.1.3 to 5.1.5). The key is changed before
 * the cookies that it has signed are all too old, and kept for as long as some are not.
 */
export class CookieSigner {
  readonly #mac: Mac
  readonly #random: () => number
  #keys: Uint8Array[] = []
  #changedAt = Number.NEGATIVE_INFINITY

  /** @param random gives 32 random bits */
  constructor(mac: Mac, random: () => number) {
    this.#mac = mac
    this.#random = random
  }

  /** @param peer the address that the cookie is sent to; it is good for no other */
  sign(state: CookieState, peer: string, now: number): Uint8Array {
    if (now - this.#changedAt >= VALID_COOKIE_LIFE_MS) this.#changeKey(now)
    const cookie = new Uint8Array(FIELDS_BYTES + MAC_BYTES)
    writeState(cookie, state, now)
    cookie.set(this.#sum(this.#keys[0]!, cookie, peer), FIELDS_BYTES)
    return cookie
  }

  open(cookie: Uint8Array, peer: string, now: number): OpenedCookie {
    if (cookie.length !== FIELDS_BYTES + MAC_BYTES) return { kind: 'forged' }
    const given = cookie.subarray(FIELDS_BYTES)
    if (!this.#keys.some(key => equal(given, this.#sum(key, cookie, peer)))) return { kind: 'forged' }
    const ageMs = now - new DataView(cookie.buffer, cookie.byteOffset).getFloat64(0)
    const kind = ageMs <= VALID_COOKIE_LIFE_MS ? 'fresh' : 'stale'
    return { kind, state: readState(cookie), ageMs }
  }

  #changeKey(now: number): void {
    const key = new Uint8Array(KEY_BYTES)
    for (let i = 0; i < KEY_BYTES; i += 4) writeU32(key, i, this.#random())
    this.#keys = [key, ...this.#keys.slice(0, 1)]
    this.#changedAt = now
  }

  #sum(key: Uint8Array, cookie: Uint8Array, peer: string): Uint8Array {
    const address = new TextEncoder().encode(peer)
    const message = new Uint8Array(FIELDS_BYTES + address.length)
    message.set(cookie.subarray(0, FIELDS_BYTES))
    message.set(address, FIELDS_BYTES)
    return this.#mac(key, message)
  }
}

function writeState(cookie: Uint8Array, state: CookieState, now: number): void {
  new DataView(cookie.buffer).setFloat64(0, now)
  writeU16(cookie, 8, state.localPort)
  writeU16(cookie, 10, state.peerPort)
  writeU32(cookie, 12, state.localTag)
  writeU32(cookie, 16, state.peerTag)
  writeU32(cookie, 20, state.localInitialTsn)
  writeU32(cookie, 24, state.peerInitialTsn)
  writeU32(cookie, 28, state.peerWindow)
  writeU32(cookie, 32, state.localTieTag)
  writeU32(cookie, 36, state.peerTieTag)
  writeU32(cookie, 40, state.peerAdaptationCode ?? 0)
  if (state.peerAdaptationCode !== undefined) cookie[44]! |= HAS_ADAPTATION_CODE
  if (state.peerZeroChecksumAcceptable) cookie[44]! |= ZERO_CHECKSUM_ACCEPTABLE
}

function readState(cookie: Uint8Array): CookieState {
  const flags = cookie[44]!
  return {
    localPort: readU16(cookie, 8),
    peerPort: readU16(cookie, 10),
    localTag: readI32(cookie, 12),
    peerTag: readI32(cookie, 16),
    localInitialTsn: readI32(cookie, 20),
    peerInitialTsn: readI32(cookie, 24),
    peerWindow: readU32(cookie, 28),
    localTieTag: readI32(cookie, 32),
    peerTieTag: readI32(cookie, 36),
    peerAdaptationCode: (flags & HAS_ADAPTATION_CODE) === 0 ? undefined : readU32(cookie, 40),
    peerZeroChecksumAcceptable: (flags & ZERO_CHECKSUM_ACCEPTABLE) !== 0,
  }
}

/** In a time that does not tell where they differ. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}
