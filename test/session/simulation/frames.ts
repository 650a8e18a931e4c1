/**
 * The frames of a session as PROTOCOL.md has them. It shares nothing with the code under test, so that the two are wrong
 * together only if the document is.
 */
export interface DataFrame {
  readonly kind: 'data'
  readonly bytes: Uint8Array
}

export interface HelloFrame {
  readonly kind: 'hello'
  readonly isNew: boolean
  readonly id: string
  readonly epoch: number
  readonly received: number
  readonly consumed: number
  readonly windowBytes: number
  readonly windowMessages: number
  readonly proof: Uint8Array
  /** What the proof is of. */
  readonly proved: Uint8Array
}

export interface WelcomeFrame extends Omit<HelloFrame, 'kind' | 'proof' | 'proved'> {
  readonly kind: 'welcome'
  readonly retentionMs: number
  readonly key: Uint8Array
}

export interface RejectFrame {
  readonly kind: 'reject'
  readonly code: number
  readonly isKnown: boolean
  readonly received: number
  readonly consumed: number
}

export interface StatusFrame {
  readonly kind: 'status'
  readonly type: 'ACK' | 'PING' | 'PONG' | 'CLOSE'
  readonly endConsumed: boolean
  readonly isDone: boolean
  readonly code: number
  readonly position: number
  readonly received: number
  readonly consumed: number
}

export type Frame = DataFrame | HelloFrame | WelcomeFrame | RejectFrame | StatusFrame

const STATUS = { 4: 'ACK', 5: 'PING', 6: 'PONG', 7: 'CLOSE' } as const
const BYTES: Readonly<Record<number, number>> = { 1: 100, 2: 108, 3: 28, 4: 36, 5: 36, 6: 36, 7: 36 }

/** The bytes of the frame that begins at `at`; undefined while its size is not there. */
export function frameBytesAt(bytes: Buffer, at: number): number | undefined {
  return bytes.length - at < 4 ? undefined : bytes.readUInt32BE(at) + 4
}

/** Reads one whole frame. */
export function readFrame(frame: Buffer): Frame {
  const version = frame.readUInt16BE(4)
  if (version === 1) return { kind: 'data', bytes: frame }
  if (version !== 2) throw new Error(`a frame of version ${version}`)
  const type = frame.readUInt16BE(6)
  if (frame.length !== BYTES[type])
    throw new Error(`${frame.length} bytes in a control frame of type ${type}`)
  if (type === 1) return readHello(frame)
  if (type === 2) return readWelcome(frame)
  return type === 3 ? readReject(frame) : readStatus(frame, STATUS[type as keyof typeof STATUS])
}

function readHello(frame: Buffer): HelloFrame {
  if (frame.readUInt16BE(8) !== 1) throw new Error('a HELLO of another revision')
  const proof = frame.subarray(68)
  return { kind: 'hello', ...readTerms(frame, 10), proof, proved: frame.subarray(0, 68) }
}

function readWelcome(frame: Buffer): WelcomeFrame {
  if (frame.readUInt16BE(10) !== 0) throw new Error('no zeros in WELCOME')
  return {
    kind: 'welcome',
    ...readTerms(frame, 8),
    retentionMs: counter(frame, 68),
    key: frame.subarray(76),
  }
}

function readTerms(frame: Buffer, kindAt: number) {
  const kind = frame.readUInt16BE(kindAt)
  if (kind !== 1 && kind !== 2) throw new Error(`kind ${kind}`)
  return {
    isNew: kind === 1,
    id: frame.toString('hex', 12, 28),
    epoch: counter(frame, 28),
    received: counter(frame, 36),
    consumed: counter(frame, 44),
    windowBytes: counter(frame, 52),
    windowMessages: counter(frame, 60),
  }
}

function readReject(frame: Buffer): RejectFrame {
  return {
    kind: 'reject',
    code: frame.readUInt16BE(8),
    isKnown: flags(frame, 10, 1) === 1,
    received: counter(frame, 12),
    consumed: counter(frame, 20),
  }
}

function readStatus(frame: Buffer, type: StatusFrame['type']): StatusFrame {
  const bits = flags(frame, 8, 3)
  const code = frame.readUInt16BE(10)
  if (type !== 'CLOSE' && code !== 0) throw new Error(`${type} with code ${code}`)
  return {
    kind: 'status',
    type,
    endConsumed: (bits & 1) !== 0,
    isDone: (bits & 2) !== 0,
    code,
    position: counter(frame, 12),
    received: counter(frame, 20),
    consumed: counter(frame, 28),
  }
}

function flags(frame: Buffer, at: number, known: number): number {
  const bits = frame.readUInt16BE(at)
  if ((bits & ~known) !== 0) throw new Error(`flags ${bits}`)
  return bits
}

/** 64 bits, of which 53 may be used. */
function counter(frame: Buffer, at: number): number {
  const value = frame.readUInt32BE(at) * 2 ** 32 + frame.readUInt32BE(at + 4)
  if (value > 2 ** 53) throw new Error(`a counter of ${value}`)
  return value
}
