import type { ConnectError } from '../errors.ts'
import { HEADER_BYTES } from '../frame/format.ts'
import { otherProtocolAt } from '../frame/other-protocols.ts'
import type { SecurePlatform } from '../platform.ts'
import type { Carrier, CarrierUser } from './carrier.ts'
import {
  CONTROL_VERSION,
  type ControlFrame,
  ControlType,
  controlFrameBytes,
  decodeControl,
  encodeControl,
  type Hello,
  HelloKind,
  MAX_CONTROL_BYTES,
  PROOF_AT,
  PROOF_BYTES,
  REVISION,
  SESSION_ID_BYTES,
  violation,
} from './control-frame.ts'
import type { Progress, Window } from './line.ts'

/** The name by which session ends know each other in ALPN (RFC 7301). */
export const SESSION_PROTOCOL = 'connect-session/2'

/** HELLO for a new session. */
export function newHello(window: Window): Uint8Array {
  return encodeControl({
    type: ControlType.HELLO,
    revision: REVISION,
    kind: HelloKind.NEW,
    sessionId: new Uint8Array(SESSION_ID_BYTES),
    epoch: 1,
    received: 0,
    consumed: 0,
    windowBytes: window.bytes,
    windowMessages: window.messages,
    proof: new Uint8Array(PROOF_BYTES),
  })
}

/** HELLO for a session that goes on, with its proof. */
export async function resumeHello(
  fields: Pick<Hello, 'sessionId' | 'epoch'> & Progress,
  window: Window,
  key: Uint8Array,
  platform: SecurePlatform,
): Promise<Uint8Array> {
  const hello = encodeControl({
    type: ControlType.HELLO,
    revision: REVISION,
    kind: HelloKind.RESUME,
    windowBytes: window.bytes,
    windowMessages: window.messages,
    proof: new Uint8Array(PROOF_BYTES),
    ...fields,
  })
  hello.set(await platform.hmac(key, hello.subarray(0, PROOF_AT)), PROOF_AT)
  return hello
}

/** Whether the proof of a HELLO was made with the key. */
export async function isProved(hello: Hello, key: Uint8Array, platform: SecurePlatform): Promise<boolean> {
  const expected = await platform.hmac(key, encodeControl(hello).subarray(0, PROOF_AT))
  return equalInConstantTime(hello.proof, expected)
}

/** Takes the same time wherever the two differ. */
function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}

/** What a greeting is waited for by. */
export interface GreetingUser {
  /** The first control frame has come; `rest` is what came behind it, with it. */
  onGreeting(frame: ControlFrame, rest: Uint8Array): void
  /** What came is no control frame, or a bad one. */
  onNoGreeting(error: ConnectError): void
  /** The connection is gone before a greeting came. */
  onGone(error: ConnectError | undefined): void
}

/** Reads the first control frame that comes over a carrier, and never more than that. */
export class Greeting implements CarrierUser {
  readonly #user: GreetingUser
  readonly #bytes = new Uint8Array(MAX_CONTROL_BYTES)
  #length = 0
  #isOver = false

  constructor(carrier: Carrier, user: GreetingUser) {
    this.#user = user
    carrier.open(this)
  }

  onData(chunk: Uint8Array): void {
    if (this.#isOver) {
      this.#user.onNoGreeting(violation('it says more before it was answered'))
      return
    }
    const taken = this.#take(chunk)
    const expected = this.#expected()
    if (expected === undefined || this.#length < expected) return
    this.#isOver = true
    const behind = taken - (this.#length - expected)
    this.#tell(this.#bytes.slice(0, expected), chunk.subarray(behind))
  }

  room(): undefined {}

  onWritten(): void {}

  onGone(error: ConnectError | undefined): void {
    this.#isOver = true
    this.#user.onGone(error)
  }

  #take(chunk: Uint8Array): number {
    const taken = Math.min(chunk.length, MAX_CONTROL_BYTES - this.#length)
    this.#bytes.set(chunk.subarray(0, taken), this.#length)
    this.#length += taken
    return taken
  }

  /** Bytes of the frame that has begun, once they are known; refuses what is none. */
  #expected(): number | undefined {
    if (this.#length < HEADER_BYTES) return undefined
    try {
      const version = (this.#bytes[4]! << 8) | this.#bytes[5]!
      if (version !== CONTROL_VERSION) {
        const other = otherProtocolAt(this.#bytes, 0)
        throw violation(other ?? `it begins with a frame of version ${version}`)
      }
      return controlFrameBytes(this.#bytes, 0)
    } catch (error) {
      this.#isOver = true
      this.#user.onNoGreeting(error as ConnectError)
      return undefined
    }
  }

  #tell(frame: Uint8Array, rest: Uint8Array): void {
    let control: ControlFrame
    try {
      control = decodeControl(frame)
    } catch (error) {
      this.#user.onNoGreeting(error as ConnectError)
      return
    }
    this.#user.onGreeting(control, rest)
  }
}
