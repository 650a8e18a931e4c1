import { readI32, readU32, writeU16, writeU32 } from '../wire/bytes.ts'
import type { Tsn } from '../wire/serial.ts'
import { VALID_COOKIE_LIFE_MS } from './protocol-values.ts'

/** Of the packets that carry INIT and the cookie. */
export interface CookiePorts {
  readonly localPort: number
  readonly peerPort: number
}

/** All that a server needs to build an association, so that it keeps nothing until the cookie comes back. */
export interface CookieState extends CookiePorts {
  readonly localTag: number
  readonly peerTag: number
  readonly localInitialTsn: Tsn
  readonly peerInitialTsn: Tsn
  readonly peerWindow: number
  /** Whether the peer's INIT has said that it uses the byte stream of PROTOCOL.md. */
  readonly peerMarksEnds: boolean
  /** Of the peer's INIT; RFC 9653, section 4. */
  readonly peerZeroChecksumAcceptable: boolean
  /**
   * Of the association that there already was, both 0 if there was none (RFC 9260, section 5.2.2): random numbers of its
   * own, not its tags: the cookie may reach another host than its peer.
   */
  readonly localTieTag: number
  readonly peerTieTag: number
}

export type OpenedCookie =
  | { readonly kind: 'fresh' | 'stale'; readonly state: CookieState; readonly ageMs: number }
  | { readonly kind: 'forged' }

/** HMAC-SHA256, 32 bytes. */
export type Mac = (key: Uint8Array, message: Uint8Array) => Uint8Array

/**
 * With 49 bytes in all, INIT ACK takes 96, three times the shortest INIT there is. Ports are not in the cookie but under
 * its signature, because they come back in the header. Half of a MAC is as long as it need be (RFC 2104, section 5).
 */
const FIELDS_BYTES = 33
const MAC_BYTES = 16
const KEY_BYTES = 32

/** Flags of the last byte. */
const MARKS_ENDS = 1
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
    cookie.set(this.#sum(this.#keys[0]!, cookie, state, peer), FIELDS_BYTES)
    return cookie
  }

  /** @param ports of the packet that has brought the cookie */
  open(cookie: Uint8Array, ports: CookiePorts, peer: string, now: number): OpenedCookie {
    if (cookie.length !== FIELDS_BYTES + MAC_BYTES) return { kind: 'forged' }
    const given = cookie.subarray(FIELDS_BYTES)
    if (!this.#keys.some(key => equal(given, this.#sum(key, cookie, ports, peer)))) return { kind: 'forged' }
    const ageMs = (Math.floor(now) - readU32(cookie, 0)) >>> 0
    const kind = ageMs <= VALID_COOKIE_LIFE_MS ? 'fresh' : 'stale'
    return { kind, state: readState(cookie, ports), ageMs }
  }

  #changeKey(now: number): void {
    const key = new Uint8Array(KEY_BYTES)
    for (let i = 0; i < KEY_BYTES; i += 4) writeU32(key, i, this.#random())
    this.#keys = [key, ...this.#keys.slice(0, 1)]
    this.#changedAt = now
  }

  #sum(key: Uint8Array, cookie: Uint8Array, { localPort, peerPort }: CookiePorts, peer: string): Uint8Array {
    const address = new TextEncoder().encode(peer)
    const message = new Uint8Array(FIELDS_BYTES + 4 + address.length)
    message.set(cookie.subarray(0, FIELDS_BYTES))
    writeU16(message, FIELDS_BYTES, localPort)
    writeU16(message, FIELDS_BYTES + 2, peerPort)
    message.set(address, FIELDS_BYTES + 4)
    return this.#mac(key, message).subarray(0, MAC_BYTES)
  }
}

/** The time, in ms, is that within 49 days: a key lives two minutes. */
function writeState(cookie: Uint8Array, state: CookieState, now: number): void {
  writeU32(cookie, 0, Math.floor(now))
  writeU32(cookie, 4, state.localTag)
  writeU32(cookie, 8, state.peerTag)
  writeU32(cookie, 12, state.localInitialTsn)
  writeU32(cookie, 16, state.peerInitialTsn)
  writeU32(cookie, 20, state.peerWindow)
  writeU32(cookie, 24, state.localTieTag)
  writeU32(cookie, 28, state.peerTieTag)
  if (state.peerMarksEnds) cookie[32]! |= MARKS_ENDS
  if (state.peerZeroChecksumAcceptable) cookie[32]! |= ZERO_CHECKSUM_ACCEPTABLE
}

function readState(cookie: Uint8Array, { localPort, peerPort }: CookiePorts): CookieState {
  const flags = cookie[32]!
  return {
    localPort,
    peerPort,
    localTag: readI32(cookie, 4),
    peerTag: readI32(cookie, 8),
    localInitialTsn: readI32(cookie, 12),
    peerInitialTsn: readI32(cookie, 16),
    peerWindow: readU32(cookie, 20),
    peerMarksEnds: (flags & MARKS_ENDS) !== 0,
    peerZeroChecksumAcceptable: (flags & ZERO_CHECKSUM_ACCEPTABLE) !== 0,
    localTieTag: readI32(cookie, 24),
    peerTieTag: readI32(cookie, 28),
  }
}

/** In a time that does not tell where they differ. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}
