import { ConnectError, ConnectErrorCode, counted } from '../errors.ts'
import { HEADER_BYTES, SIZE_BYTES } from '../frame/format.ts'

/**
 * The control frames of a session, as in PROTOCOL.md:
 *
 * ```
 *  0               4         6       8                    8 + n
 * +---------------+---------+-------+---------------------+
 * | size  u32 BE  | version | type  | fields: n bytes,    |
 * |  = 4 + n      |  2      | 1..7  | n is fixed by type  |
 * +---------------+---------+-------+---------------------+
 * ```
 */
export const CONTROL_VERSION = 2

export const ControlType = {
  HELLO: 1,
  WELCOME: 2,
  REJECT: 3,
  ACK: 4,
  PING: 5,
  PONG: 6,
  CLOSE: 7,
} as const

export type ControlType = (typeof ControlType)[keyof typeof ControlType]

/** What HELLO asks for, and what WELCOME grants. */
export const HelloKind = { NEW: 1, RESUME: 2 } as const

export type HelloKind = (typeof HelloKind)[keyof typeof HelloKind]

/** The revision of this protocol, which HELLO names. */
export const REVISION = 1

export const SESSION_ID_BYTES = 16
export const KEY_BYTES = 32
export const PROOF_BYTES = 32

/** Bytes of each type of frame, header included. */
const FRAME_BYTES: Readonly<Record<ControlType, number>> = {
  1: 100,
  2: 108,
  3: 28,
  4: 36,
  5: 36,
  6: 36,
  7: 36,
}

/** The largest of them: what is read before the peer has proved anything. */
export const MAX_CONTROL_BYTES = 108

/** Where the proof of a HELLO begins: it covers all that is before it. */
export const PROOF_AT = 68

/** What an end takes from its peer, and has taken; both directions of a session have their own. */
export interface Hello {
  readonly type: typeof ControlType.HELLO
  readonly kind: HelloKind
  readonly revision: number
  /** All zero for a new session. */
  readonly sessionId: Uint8Array
  readonly epoch: number
  readonly received: number
  readonly consumed: number
  readonly windowBytes: number
  readonly windowMessages: number
  /** All zero for a new session. */
  readonly proof: Uint8Array
}

export interface Welcome {
  readonly type: typeof ControlType.WELCOME
  readonly kind: HelloKind
  readonly sessionId: Uint8Array
  /** That of the HELLO. */
  readonly epoch: number
  readonly received: number
  readonly consumed: number
  readonly windowBytes: number
  readonly windowMessages: number
  /** How long the sender keeps the session while it is detached. */
  readonly retentionMs: number
  /** All zero for a session that is resumed. */
  readonly key: Uint8Array
}

export interface Reject {
  readonly type: typeof ControlType.REJECT
  readonly code: number
  /** Whether `received` and `consumed` are those of a session that is no more. */
  readonly known: boolean
  readonly received: number
  readonly consumed: number
}

/** Where both directions stand. */
export interface Status {
  readonly type:
    | typeof ControlType.ACK
    | typeof ControlType.PING
    | typeof ControlType.PONG
    | typeof ControlType.CLOSE
  /** Whether the sender's user has consumed all up to its peer's CLOSE. */
  readonly endConsumed: boolean
  /** Whether the sender has nothing more to say or to hear. */
  readonly done: boolean
  /** Of CLOSE: 0 for a clean end, otherwise why the session is dead. */
  readonly code: number
  /** The number of the last data frame that the sender has sent before this one. */
  readonly position: number
  readonly received: number
  readonly consumed: number
}

export type ControlFrame = Hello | Welcome | Reject | Status

const KNOWN = 1
const END_CONSUMED = 1
const DONE = 2

/** @throws ConnectError `PROTOCOL_VIOLATION` if the header at `bytes[at...]` is that of no control frame */
export function controlFrameBytes(bytes: Uint8Array, at: number): number {
  const view = viewOf(bytes, at, HEADER_BYTES)
  const type = view.getUint16(6)
  const expected = FRAME_BYTES[type as ControlType]
  const announced = view.getUint32(0) + SIZE_BYTES
  if (expected === undefined) throw violation(`a control frame of type ${type}`)
  if (announced !== expected) {
    throw violation(
      `a control frame of type ${type} announces ${counted(announced, 'byte')}; it has ${expected}`,
    )
  }
  return expected
}

/** @throws ConnectError `PROTOCOL_VIOLATION` for fields that no peer may send */
export function decodeControl(frame: Uint8Array): ControlFrame {
  controlFrameBytes(frame, 0)
  const view = viewOf(frame)
  const type = view.getUint16(6) as ControlType
  if (type === ControlType.HELLO) return decodeHello(frame, view)
  if (type === ControlType.WELCOME) return decodeWelcome(frame, view)
  return type === ControlType.REJECT ? decodeReject(view) : decodeStatus(type, view)
}

export function encodeControl(frame: ControlFrame): Uint8Array {
  const length = FRAME_BYTES[frame.type]
  const bytes = new Uint8Array(length)
  const view = viewOf(bytes)
  view.setUint32(0, length - SIZE_BYTES)
  view.setUint16(4, CONTROL_VERSION)
  view.setUint16(6, frame.type)
  if (frame.type === ControlType.HELLO) encodeHello(frame, bytes, view)
  else if (frame.type === ControlType.WELCOME) encodeWelcome(frame, bytes, view)
  else if (frame.type === ControlType.REJECT) encodeReject(frame, view)
  else encodeStatus(frame, view)
  return bytes
}

function decodeHello(frame: Uint8Array, view: DataView): Hello {
  return {
    type: ControlType.HELLO,
    revision: view.getUint16(8),
    kind: kindAt(view, 10),
    sessionId: frame.slice(12, 28),
    epoch: counterAt(view, 28),
    received: counterAt(view, 36),
    consumed: counterAt(view, 44),
    windowBytes: counterAt(view, 52),
    windowMessages: counterAt(view, 60),
    proof: frame.slice(PROOF_AT),
  }
}

function encodeHello(hello: Hello, bytes: Uint8Array, view: DataView): void {
  view.setUint16(8, hello.revision)
  view.setUint16(10, hello.kind)
  bytes.set(hello.sessionId, 12)
  setCounter(view, 28, hello.epoch)
  setCounter(view, 36, hello.received)
  setCounter(view, 44, hello.consumed)
  setCounter(view, 52, hello.windowBytes)
  setCounter(view, 60, hello.windowMessages)
  bytes.set(hello.proof, PROOF_AT)
}

function decodeWelcome(frame: Uint8Array, view: DataView): Welcome {
  return {
    type: ControlType.WELCOME,
    kind: kindAt(view, 8),
    sessionId: frame.slice(12, 28),
    epoch: counterAt(view, 28),
    received: counterAt(view, 36),
    consumed: counterAt(view, 44),
    windowBytes: counterAt(view, 52),
    windowMessages: counterAt(view, 60),
    retentionMs: counterAt(view, 68),
    key: frame.slice(76),
  }
}

function encodeWelcome(welcome: Welcome, bytes: Uint8Array, view: DataView): void {
  view.setUint16(8, welcome.kind)
  bytes.set(welcome.sessionId, 12)
  setCounter(view, 28, welcome.epoch)
  setCounter(view, 36, welcome.received)
  setCounter(view, 44, welcome.consumed)
  setCounter(view, 52, welcome.windowBytes)
  setCounter(view, 60, welcome.windowMessages)
  setCounter(view, 68, welcome.retentionMs)
  bytes.set(welcome.key, 76)
}

function decodeReject(view: DataView): Reject {
  return {
    type: ControlType.REJECT,
    code: view.getUint16(8),
    known: (view.getUint16(10) & KNOWN) !== 0,
    received: counterAt(view, 12),
    consumed: counterAt(view, 20),
  }
}

function encodeReject(reject: Reject, view: DataView): void {
  view.setUint16(8, reject.code)
  view.setUint16(10, reject.known ? KNOWN : 0)
  setCounter(view, 12, reject.received)
  setCounter(view, 20, reject.consumed)
}

function decodeStatus(type: Status['type'], view: DataView): Status {
  const flags = view.getUint16(8)
  return {
    type,
    endConsumed: (flags & END_CONSUMED) !== 0,
    done: (flags & DONE) !== 0,
    code: view.getUint16(10),
    position: counterAt(view, 12),
    received: counterAt(view, 20),
    consumed: counterAt(view, 28),
  }
}

function encodeStatus(status: Status, view: DataView): void {
  view.setUint16(8, (status.endConsumed ? END_CONSUMED : 0) | (status.done ? DONE : 0))
  view.setUint16(10, status.code)
  setCounter(view, 12, status.position)
  setCounter(view, 20, status.received)
  setCounter(view, 28, status.consumed)
}

function kindAt(view: DataView, at: number): HelloKind {
  const kind = view.getUint16(at)
  if (kind !== HelloKind.NEW && kind !== HelloKind.RESUME)
    throw violation(`kind ${kind}, neither new nor resumed`)
  return kind
}

/** Counters have 64 bits on the wire and 53 here, which no session gets beyond. */
function counterAt(view: DataView, at: number): number {
  const high = view.getUint32(at)
  if (high > 0x1f_ffff) throw violation('a counter above 2^53')
  const low = view.getUint32(at + 4)
  // Most are small, and V8 boxes what comes of the other way.
  return high === 0 ? low : high * 2 ** 32 + low
}

function setCounter(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 2 ** 32))
  view.setUint32(at + 4, value >>> 0)
}

function viewOf(bytes: Uint8Array, start = 0, length = bytes.length - start): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + start, length)
}

/** The error for what the peer's session must never do. */
export function violation(what: string): ConnectError {
  return new ConnectError(
    ConnectErrorCode.PROTOCOL_VIOLATION,
    `the peer broke the rules of the session: ${what}`,
  )
}
