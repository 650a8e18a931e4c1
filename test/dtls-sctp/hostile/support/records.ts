/** Records and handshake messages as they lie in datagrams (RFC 6347, sections 4.1 and 4.2.2). */

export const ContentType = { CHANGE_CIPHER_SPEC: 20, ALERT: 21, HANDSHAKE: 22, APPLICATION_DATA: 23 } as const

export const HandshakeType = {
  SERVER_HELLO: 2,
  HELLO_VERIFY_REQUEST: 3,
  SERVER_KEY_EXCHANGE: 12,
  CERTIFICATE_VERIFY: 15,
  CLIENT_KEY_EXCHANGE: 16,
} as const

const HEADER_BYTES = 13
const HANDSHAKE_HEADER_BYTES = 12

/** Where the random of a ClientHello lies, behind its version. */
export const RANDOM_AT = HEADER_BYTES + HANDSHAKE_HEADER_BYTES + 2
export const RANDOM_BYTES = 32

export interface RecordFields {
  readonly type: number
  readonly version?: number
  readonly epoch?: number
  readonly sequence?: number
  /** What the header says; by default, the truth. */
  readonly length?: number
}

export function record(fields: RecordFields, fragment: Uint8Array): Buffer {
  const { type, version = 0xfefd, epoch = 0, sequence = 0, length = fragment.length } = fields
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt8(type, 0)
  header.writeUInt16BE(version, 1)
  header.writeUInt16BE(epoch, 3)
  header.writeUIntBE(sequence, 5, 6)
  header.writeUInt16BE(length, 11)
  return Buffer.concat([header, fragment])
}

/** A whole handshake message, or the part of it from `from` to `to`. */
export function handshakeMessage(
  type: number,
  sequence: number,
  body: Uint8Array,
  from = 0,
  to = body.length,
): Buffer {
  const header = Buffer.alloc(HANDSHAKE_HEADER_BYTES)
  header.writeUInt8(type, 0)
  header.writeUIntBE(body.length, 1, 3)
  header.writeUInt16BE(sequence, 4)
  header.writeUIntBE(from, 6, 3)
  header.writeUIntBE(to - from, 9, 3)
  return Buffer.concat([header, body.subarray(from, to)])
}

/** The records of a datagram that nobody has spoiled. */
export function recordsIn(datagram: Buffer): Buffer[] {
  const records: Buffer[] = []
  for (let at = 0; at < datagram.length; ) {
    const end = at + HEADER_BYTES + datagram.readUInt16BE(at + 11)
    records.push(datagram.subarray(at, end))
    at = end
  }
  return records
}

export function epochOf(datagram: Buffer): number {
  return datagram.readUInt16BE(3)
}

/** The fragments of unprotected handshake messages of a type, each with its header. */
export function fragmentsOf(datagram: Buffer, messageType: number): Buffer[] {
  return recordsIn(datagram)
    .filter(each => each[0] === ContentType.HANDSHAKE && epochOf(each) === 0)
    .map(each => each.subarray(HEADER_BYTES))
    .filter(message => message[0] === messageType)
}

/** A hello, in a record of its own, as several records with so many bytes of it each. */
export function helloFragments(hello: Buffer, bytes: number): Buffer[] {
  const message = hello.subarray(HEADER_BYTES)
  const body = message.subarray(HANDSHAKE_HEADER_BYTES)
  const fragments: Buffer[] = []
  for (let from = 0; from < body.length; from += bytes) {
    const to = Math.min(body.length, from + bytes)
    const part = handshakeMessage(message[0]!, message.readUInt16BE(4), body, from, to)
    const sequence = hello.readUIntBE(5, 6) + fragments.length
    fragments.push(record({ type: hello[0]!, version: hello.readUInt16BE(1), sequence }, part))
  }
  return fragments
}

/** A copy in which the last byte of a handshake message, if it is in this datagram, is another. */
export function withOtherEnd(datagram: Buffer, messageType: number): Buffer {
  const copy = Buffer.from(datagram)
  for (const fragment of fragmentsOf(copy, messageType)) {
    const end = fragment.readUIntBE(6, 3) + fragment.readUIntBE(9, 3)
    if (end === fragment.readUIntBE(1, 3)) fragment[fragment.length - 1]! ^= 1
  }
  return copy
}

/** A copy in which a ServerHello, if there is one, names another version. */
export function withOtherVersion(datagram: Buffer, version: number): Buffer {
  const copy = Buffer.from(datagram)
  for (const fragment of fragmentsOf(copy, HandshakeType.SERVER_HELLO)) {
    fragment.writeUInt16BE(version, HANDSHAKE_HEADER_BYTES)
  }
  return copy
}
