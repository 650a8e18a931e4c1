/** What a record has besides its data: its header (RFC 6347, 4.1), and the nonce and tag of AES-GCM (RFC 5288). */
const RECORD_HEADER = 13
const NONCE = 8
const TAG = 16

export const ContentType = { ALERT: 21, HANDSHAKE: 22, APPLICATION_DATA: 23 } as const

export interface DtlsRecord {
  readonly type: number
  /** 0 until the keys of the handshake are in use. */
  readonly epoch: number
  /** Bytes behind the header. */
  readonly length: number
}

export function recordsIn(datagram: Uint8Array): DtlsRecord[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  const records: DtlsRecord[] = []
  for (let at = 0; at < datagram.length; ) {
    const length = view.getUint16(at + RECORD_HEADER - 2)
    records.push({ type: view.getUint8(at), epoch: view.getUint16(at + 3), length })
    at += RECORD_HEADER + length
  }
  return records
}

/** The lengths of the packets in a datagram, with a suite of AES-GCM. */
export function packetsIn(datagram: Uint8Array): number[] {
  const carrying = recordsIn(datagram).filter(({ type }) => type === ContentType.APPLICATION_DATA)
  return carrying.map(({ length }) => length - NONCE - TAG)
}
