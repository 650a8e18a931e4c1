import type { ConnectDatagram } from '../index.ts'

/** Room for the sequence number. */
export const LEAST_PAYLOAD_BYTES = 8

/**
 * ```
 * 0                 8                bytes
 * +-----------------+------------------+
 * | sequence u64 BE | 8, 9, 10, ... 255, 0, ...
 * +-----------------+------------------+
 * ```
 */
export function payloadOf(sequence: number, bytes: number): Uint8Array {
  const payload = new Uint8Array(bytes)
  for (let i = LEAST_PAYLOAD_BYTES; i < bytes; i++) payload[i] = i
  viewOf(payload).setBigUint64(0, BigInt(sequence))
  return payload
}

/** What is wrong with an answer; undefined if it is what was sent. */
export function answerProblem(
  answer: ConnectDatagram | undefined,
  sequence: number,
  recipient: number,
  payload: Uint8Array,
): string | undefined {
  if (answer === undefined) return 'the peer ended the connection in place of an answer'
  if (answer.recipient !== recipient) {
    return `recipient ${recipient} was sent, ${answer.recipient} came back`
  }
  if (answer.byteLength !== payload.length) {
    return `${payload.length} bytes were sent, ${answer.byteLength} came back`
  }
  const answered = viewOf(answer.data).getBigUint64(0)
  if (answered !== BigInt(sequence)) return `sequence number ${answered} came back`
  return Buffer.compare(answer.data, payload) === 0 ? undefined : 'other bytes came back than were sent'
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
