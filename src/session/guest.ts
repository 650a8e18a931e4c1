import { ConnectError, ConnectErrorCode, rejectionOf } from '../errors.ts'
import type { ListenSettings } from '../options.ts'
import type { Platform } from '../platform.ts'
import type { ByteStream } from '../transport/byte-stream.ts'
import { Carrier } from './carrier.ts'
import {
  type ControlFrame,
  ControlType,
  encodeControl,
  type Hello,
  REVISION,
  violation,
} from './control-frame.ts'
import { RejectCode } from './handshake.ts'
import { Greeting, type GreetingUser } from './hello.ts'
import type { Progress } from './line.ts'

/** Who receives guests. */
export interface GuestHost {
  readonly platform: Platform
  readonly settings: ListenSettings
  onHello(guest: Guest, hello: Hello): void
  onGuestGone(guest: Guest): void
  onRejected(error: ConnectError): void
}

/** A connection that came in and has not said, or not proved, whose it is. It has a limited time for that. */
export class Guest implements GreetingUser {
  readonly stream: ByteStream
  readonly #carrier: Carrier
  readonly #host: GuestHost
  readonly #cancelTimer: () => void
  #isGone = false

  constructor(stream: ByteStream, host: GuestHost) {
    this.stream = stream
    this.#host = host
    this.#carrier = new Carrier(stream, host.platform)
    const ms = host.settings.handshakeTimeoutMs
    // What it has said by now is read first.
    const onTime = (): void => host.platform.nextTurn(() => this.#turnAway(timeout(ms)))
    this.#cancelTimer = host.platform.startTimer(onTime, ms)
    new Greeting(this.#carrier, this)
  }

  /** Whether it was refused, has left, or carries a session by now. */
  get isGone(): boolean {
    return this.#isGone
  }

  /** Gives its connection to a session. */
  leave(): Carrier {
    this.#leave()
    return this.#carrier
  }

  /** Tells the peer why not, and ends the connection. */
  refuse(code: number, error: ConnectError, progress?: Progress): void {
    if (this.#isGone) return
    this.#leave()
    const { received, consumed } = progress ?? { received: 0, consumed: 0 }
    const known = progress !== undefined
    this.#carrier.greet(encodeControl({ type: ControlType.REJECT, code, known, received, consumed }))
    this.#carrier.finish()
    this.#reject(error)
  }

  /** Breaks the connection off without a word. */
  dismiss(): void {
    if (this.#isGone) return
    this.#leave()
    this.#carrier.drop(false)
  }

  onGreeting(frame: ControlFrame, rest: Uint8Array): void {
    if (frame.type !== ControlType.HELLO || frame.revision !== REVISION) {
      this.refuse(RejectCode.UNSUPPORTED, violation('it begins with something else than a HELLO'))
    } else if (rest.length > 0) {
      this.refuse(RejectCode.VIOLATION, violation('it says more before it was welcomed'))
    } else this.#host.onHello(this, frame)
  }

  onNoGreeting(cause: ConnectError): void {
    const message = `a peer speaks without sessions: set session at both ends, or at neither (${cause.message})`
    this.refuse(
      RejectCode.UNSUPPORTED,
      new ConnectError(ConnectErrorCode.VERSION_UNSUPPORTED, message, { cause }),
    )
  }

  onGone(cause: ConnectError | undefined): void {
    if (this.#isGone) return
    this.#leave()
    this.#carrier.drop(false)
    const message = 'a peer left before it had said which session it wants'
    this.#reject(new ConnectError(ConnectErrorCode.CONNECTION_RESET, message, { cause }))
  }

  #turnAway(error: ConnectError): void {
    if (this.#isGone) return
    this.dismiss()
    this.#reject(error)
  }

  #reject(error: ConnectError): void {
    this.#host.onRejected(rejectionOf(error, this.stream.remoteAddress))
  }

  #leave(): void {
    this.#isGone = true
    this.#cancelTimer()
    this.#host.onGuestGone(this)
  }
}

function timeout(ms: number): ConnectError {
  const message = `a peer has not said within ${ms} ms which session it wants`
  return new ConnectError(ConnectErrorCode.HANDSHAKE_TIMEOUT, message)
}
