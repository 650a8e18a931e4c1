import type { DtlsCookies } from '../dtls-engine.ts'
import type { NativeLibrary, Pointer, Signature } from '../native-library.ts'
import { AlpnAnswer } from './constants.ts'

/** What the call of OpenSSL that is under way concerns. OpenSSL calls back only from inside a call of ours. */
interface Concern {
  cookies: DtlsCookies | undefined
  alpnProtocols: readonly string[] | undefined
}

/**
 * RFC 6347, section 4.2.4.1, suggests a second at first, doubled up to a minute. A handshake has seconds, takes three flights
 * in each direction, and is given up by OpenSSL after twelve transmissions of one: on a path that loses much it would have
 * too few of them. A flight that comes twice costs little.
 */
const FIRST_TIMEOUT_US = 400_000
const LONGEST_TIMEOUT_US = 2_000_000

const COOKIE_MAKE: Signature = { result: 'int', takes: ['pointer', 'pointer', 'pointer'] }
const COOKIE_CHECK: Signature = { result: 'int', takes: ['pointer', 'pointer', 'uint'] }
const TIMER: Signature = { result: 'uint', takes: ['pointer', 'uint'] }
const ALPN: Signature = {
  result: 'int',
  takes: ['pointer', 'pointer', 'pointer', 'pointer', 'uint', 'pointer'],
}

/** What OpenSSL calls: made once, and kept for the rest of the process. */
export class Callbacks {
  readonly cookieMake: Pointer
  readonly cookieCheck: Pointer
  readonly timer: Pointer
  readonly alpn: Pointer
  readonly concern: Concern = { cookies: undefined, alpnProtocols: undefined }
  readonly #library: NativeLibrary

  constructor(library: NativeLibrary) {
    this.#library = library
    this.cookieMake = library.callback(COOKIE_MAKE, (_, to, lengthTo) => this.#makeCookie(to, lengthTo))
    this.cookieCheck = library.callback(COOKIE_CHECK, (_, cookie, length) =>
      this.#checkCookie(cookie, length),
    )
    this.timer = library.callback(TIMER, (_, us) => nextTimeout(us))
    this.alpn = library.callback(ALPN, (_, out, outLength, offered, length) =>
      this.#chooseProtocol(out, outLength, offered, length),
    )
  }

  #makeCookie(to: Pointer, lengthTo: Pointer): number {
    const cookie = this.concern.cookies?.make()
    if (cookie === undefined) return 0
    this.#library.write(to, cookie)
    this.#library.write(lengthTo, new Uint8Array(new Uint32Array([cookie.length]).buffer))
    return 1
  }

  /** A handshake that goes on has shown its cookie; OpenSSL asks once more when the last fragment of the hello comes. */
  #checkCookie(cookie: Pointer, length: number): number {
    const { cookies } = this.concern
    return cookies === undefined || cookies.isRight(this.#library.read(cookie, length)) ? 1 : 0
  }

  /** The server's order counts. Without one that both know, the handshake fails (RFC 7301, section 3.2). */
  #chooseProtocol(out: Pointer, outLength: Pointer, offered: Pointer, length: number): number {
    const names = namesIn(this.#library.read(offered, length))
    for (const protocol of this.concern.alpnProtocols ?? []) {
      const bytes = Buffer.from(protocol)
      const at = names.get(bytes.toString('hex'))
      if (at === undefined) continue
      this.#library.writePointer(out, offered + BigInt(at))
      this.#library.write(outLength, Uint8Array.of(bytes.length))
      return AlpnAnswer.OK
    }
    return AlpnAnswer.ALERT_FATAL
  }
}

function nextTimeout(us: number): number {
  return us === 0 ? FIRST_TIMEOUT_US : Math.min(LONGEST_TIMEOUT_US, us * 2)
}

/** A ProtocolNameList (RFC 7301, section 3.1) without its own length: each name, as hexadecimal, and where it begins. */
function namesIn(list: Uint8Array): Map<string, number> {
  const names = new Map<string, number>()
  for (let at = 0; at < list.length; at += 1 + list[at]!) {
    const name = Buffer.from(list.subarray(at + 1, at + 1 + list[at]!)).toString('hex')
    if (!names.has(name)) names.set(name, at + 1)
  }
  return names
}

/** The same list, for OpenSSL. */
export function protocolNameList(protocols: readonly string[]): Uint8Array {
  return Buffer.concat(protocols.flatMap(name => [Buffer.of(Buffer.byteLength(name)), Buffer.from(name)]))
}
