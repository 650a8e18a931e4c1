import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { Platform } from '../platform.ts'
import type { Carrier } from './carrier.ts'
import { type ControlFrame, ControlType, type Reject, violation, type Welcome } from './control-frame.ts'
import { Greeting, type GreetingUser } from './hello.ts'

/** Why an end refuses a HELLO. */
export const RejectCode = {
  UNSUPPORTED: 1,
  UNKNOWN: 2,
  FORBIDDEN: 3,
  FULL: 4,
  VIOLATION: 5,
  ENDED: 6,
  LOST: 7,
} as const

const REASONS: Readonly<Record<number, string>> = {
  1: 'it does not speak this revision of sessions',
  2: 'it knows no such session: it was restarted, or has given it up',
  3: 'the proof of the session was wrong',
  4: 'it has no room for another session',
  5: 'the two ends contradict each other',
  6: 'the session had ended there',
  7: 'it has given up the session',
}

/** What only a listener says that has, or had, the session; all else can come from any other. */
const KNOWING: ReadonlySet<number> = new Set<number>([RejectCode.FORBIDDEN, RejectCode.VIOLATION])

/** A HELLO was refused. */
export class Refusal extends ConnectError {
  readonly reject: Reject

  constructor(reject: Reject) {
    const why = REASONS[reject.code] ?? `code ${reject.code}`
    super(ConnectErrorCode.SESSION_REFUSED, `the peer refused the session: ${why}`)
    this.reject = reject
  }

  /** Whether it says something that only a listener could know which has, or had, the session. */
  get showsKnowledge(): boolean {
    return this.reject.known || KNOWING.has(this.reject.code)
  }
}

/** What comes of a handshake: one of the two, once, or nothing after `cancel`. */
export interface HandshakeUser {
  /** `rest` is what came behind the WELCOME, with it. */
  onWelcome(welcome: Welcome, rest: Uint8Array): void
  onFailed(error: ConnectError): void
}

/** The client's side: says HELLO over a connection and waits for the answer, for a limited time. */
export class ClientHandshake implements GreetingUser {
  readonly #carrier: Carrier
  readonly #user: HandshakeUser
  readonly #cancelTimer: () => void
  #isOver = false

  constructor(carrier: Carrier, timeoutMs: number, platform: Platform, user: HandshakeUser) {
    this.#carrier = carrier
    this.#user = user
    // An answer that has come by now is read first.
    const onTime = (): void => platform.nextTurn(() => this.#fail(timeout(timeoutMs)))
    this.#cancelTimer = platform.startTimer(onTime, timeoutMs)
    new Greeting(carrier, this)
  }

  say(hello: Uint8Array): void {
    if (!this.#isOver) this.#carrier.greet(hello)
  }

  /** Breaks it off. */
  cancel(error: ConnectError): void {
    this.#fail(error)
  }

  onGreeting(frame: ControlFrame, rest: Uint8Array): void {
    if (frame.type === ControlType.WELCOME) {
      this.#isOver = true
      this.#cancelTimer()
      this.#user.onWelcome(frame, rest)
    } else if (frame.type === ControlType.REJECT) this.#fail(new Refusal(frame))
    else this.#fail(violation(`it answers HELLO by a frame of type ${frame.type}`))
  }

  onNoGreeting(cause: ConnectError): void {
    this.#fail(
      new ConnectError(
        ConnectErrorCode.VERSION_UNSUPPORTED,
        'the peer speaks without sessions: set session at both ends, or at neither',
        { cause },
      ),
    )
  }

  onGone(cause: ConnectError | undefined): void {
    this.#fail(
      new ConnectError(
        ConnectErrorCode.CONNECT_FAILED,
        'the connection broke before the session was welcomed; if that is always so, session may not be set there',
        { cause },
      ),
    )
  }

  #fail(error: ConnectError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelTimer()
    this.#carrier.drop(false)
    this.#user.onFailed(error)
  }
}

function timeout(ms: number): ConnectError {
  return new ConnectError(
    ConnectErrorCode.HANDSHAKE_TIMEOUT,
    `the peer did not welcome the session within ${ms} ms`,
  )
}
