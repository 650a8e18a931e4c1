import { createHash } from 'node:crypto'
import { ConnectDatagram } from 'connect-ts'

/** What one end says about the datagrams of a transfer. */
export interface Report {
  readonly bytes: number
  readonly datagrams: number
  /** Whether each datagram carried the next sequence number. */
  readonly inOrder: boolean
  /** Of all data in the order in which it came, in hexadecimal. */
  readonly sha256: string
}

/** Sequence numbers travel as the recipient, which has 16 bits. */
export function sequenceTag(index: number): number {
  return index % 65536
}

/** Looks at every datagram of one direction: at those that are sent, or at those that come. */
export class TransferCheck {
  readonly #hash = createHash('sha256')
  #inOrder = true
  #ended = false
  bytes = 0
  datagrams = 0

  add({ recipient, data }: ConnectDatagram): void {
    if (recipient !== this.nextTag) this.#inOrder = false
    this.#hash.update(data)
    this.bytes += data.length
    this.datagrams++
  }

  get nextTag(): number {
    return sequenceTag(this.datagrams)
  }

  /** Whether the report has been made, so that no datagram follows. */
  get ended(): boolean {
    return this.#ended
  }

  /** Call it once, at the end. */
  report(): Report {
    const { bytes, datagrams } = this
    this.#ended = true
    return { bytes, datagrams, inOrder: this.#inOrder, sha256: this.#hash.digest('hex') }
  }
}

/** What the two ends disagree on, in words; nothing if the transfer is good. */
export function differences(sent: Report, received: Report): string[] {
  const found = (['bytes', 'datagrams', 'sha256'] as const)
    .filter(key => sent[key] !== received[key])
    .map(key => `${key}: sent ${sent[key]}, received ${received[key]}`)
  if (!received.inOrder) found.push('datagrams arrived out of order')
  return found
}

export function reportDatagram(report: Report): ConnectDatagram {
  return new ConnectDatagram(0, JSON.stringify(report))
}

/** @throws Error if the datagram is no report */
export function readReport(datagram: ConnectDatagram): Report {
  const { bytes, datagrams, inOrder, sha256 } = fieldsOf(datagram.text())
  if (typeof bytes !== 'number' || typeof datagrams !== 'number' || typeof sha256 !== 'string') {
    const { recipient, byteLength } = datagram
    throw new Error(`a report was expected, not a datagram of ${byteLength} bytes with tag ${recipient}`)
  }
  return { bytes, datagrams, inOrder: inOrder === true, sha256 }
}

/** The fields of a JSON object; none of anything else, such as a file's last byte that happens to be a digit. */
function fieldsOf(text: string): Partial<Record<keyof Report, unknown>> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
