import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { PeerAddress } from '../../sctp/endpoint/peer-address.ts'
import type { DtlsCookies } from '../engine/dtls-engine.ts'

/** How long a secret makes cookies; it is good for as long again. */
const SECRET_MS = 60_000

/**
 * Cookies of ClientHellos (RFC 6347, section 4.2.1): only who receives at an address knows the one for it, and it is good
 * for the hello alone that it has answered.
 */
export class HelloCookies {
  readonly #now: () => number
  #secret = randomBytes(32)
  #before = this.#secret
  #since: number

  constructor(now: () => number) {
    this.#now = now
    this.#since = now()
  }

  /** @param parameters of the hello, as `helloParametersOf` gives them */
  for(peer: PeerAddress, parameters: readonly Uint8Array[]): DtlsCookies {
    this.#renew()
    return {
      make: () => cookie(this.#secret, peer, parameters),
      isRight: given =>
        isSame(given, cookie(this.#secret, peer, parameters)) ||
        isSame(given, cookie(this.#before, peer, parameters)),
    }
  }

  #renew(): void {
    const age = this.#now() - this.#since
    if (age < SECRET_MS) return
    this.#before = age < 2 * SECRET_MS ? this.#secret : randomBytes(32)
    this.#secret = randomBytes(32)
    this.#since = this.#now()
  }
}

function cookie(
  secret: Uint8Array,
  { address, port }: PeerAddress,
  parameters: readonly Uint8Array[],
): Uint8Array {
  const hmac = createHmac('sha256', secret).update(`${address} ${port} `)
  for (const each of parameters) hmac.update(each)
  return hmac.digest()
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
