import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pcapOf, SERVER_PORT } from './pcap.ts'
import type { Datagram } from './relay.ts'

/** One packet, as tshark reads it. */
export interface Packet {
  readonly fromServer: boolean
  readonly chunks: readonly number[]
  /** Whether the CRC32c is right. */
  readonly checksum: boolean
  /** What tshark finds wrong or strange. */
  readonly remarks: readonly string[]
  /** Of the Adaptation Layer Indication (RFC 5061, section 4.1). */
  readonly adaptation: number | undefined
  /** Of an ABORT or an ERROR. */
  readonly cause: number | undefined
  readonly bytes: number
}

const FIELDS = [
  'udp.srcport',
  'sctp.chunk_type',
  'sctp.checksum.status',
  '_ws.expert.message',
  'sctp.adaptation_layer_indication',
  'sctp.cause_code',
  'udp.length',
]

const OPTIONS = [
  ...['-d', `udp.port==${SERVER_PORT},sctp`],
  ...['-o', 'sctp.checksum:crc-32c'],
  // What is in the messages is not for tshark to guess.
  ...['-o', 'sctp.ulp_dissection:FALSE'],
  ...['-T', 'fields', '-E', 'separator=|', '-E', 'aggregator=;'],
  ...FIELDS.flatMap(field => ['-e', field]),
]

/** These datagrams as tshark decodes them, each as SCTP over UDP (RFC 6951). */
export function decode(datagrams: readonly Datagram[]): Packet[] {
  const directory = mkdtempSync(join(tmpdir(), 'connect-ts-'))
  try {
    const file = join(directory, 'capture.pcap')
    writeFileSync(file, pcapOf(datagrams))
    const output = execFileSync('tshark', ['-n', '-r', file, ...OPTIONS], {
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return output.trimEnd().split('\n').map(packetOf)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function packetOf(line: string): Packet {
  const [from, chunks, checksum, remarks, adaptation, cause, length] = line.split('|')
  const some = (list: string | undefined): string[] => list?.split(';').filter(Boolean) ?? []
  return {
    fromServer: Number(from) === SERVER_PORT,
    chunks: some(chunks).map(Number),
    checksum: checksum === '1',
    remarks: some(remarks),
    adaptation: some(adaptation).map(Number)[0],
    cause: some(cause).map(Number)[0],
    bytes: Number(length),
  }
}
