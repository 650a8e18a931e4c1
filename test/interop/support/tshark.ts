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

/** Remarks on what the network did, not on what we sent. */
export const harmless = /^(Retransmitted TSN|This TSN was retransmitted more than 2 times|More than 100 TSNs)/

const OPTIONS = [
  ...['-d', `udp.port==${SERVER_PORT},sctp`],
  ...['-o', 'sctp.checksum:crc-32c'],
  // What is in the messages is not for tshark to guess.
  ...['-o', 'sctp.ulp_dissection:FALSE'],
]

/** These datagrams as tshark decodes them, each as SCTP over UDP (RFC 6951). */
export function decode(datagrams: readonly Datagram[]): Packet[] {
  return fieldsOf(datagrams, OPTIONS, FIELDS).map(packetOf)
}

/** What tshark, with these options, finds in each datagram: the values of each field. */
export function fieldsOf(
  datagrams: readonly Datagram[],
  options: readonly string[],
  fields: readonly string[],
): string[][][] {
  const directory = mkdtempSync(join(tmpdir(), 'connect-ts-'))
  try {
    const file = join(directory, 'capture.pcap')
    writeFileSync(file, pcapOf(datagrams))
    const format = ['-T', 'fields', '-E', 'separator=|', '-E', 'aggregator=;']
    const wanted = fields.flatMap(field => ['-e', field])
    const output = execFileSync('tshark', ['-n', '-r', file, ...options, ...format, ...wanted], {
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const lines = output.split('\n').slice(0, -1)
    return lines.map(line => line.split('|').map(values => values.split(';').filter(Boolean)))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function packetOf([from, chunks, checksum, remarks, adaptation, cause, length]: readonly string[][]): Packet {
  return {
    fromServer: Number(from) === SERVER_PORT,
    chunks: chunks!.map(Number),
    checksum: checksum![0] === '1',
    remarks: remarks!,
    adaptation: adaptation!.map(Number)[0],
    cause: cause!.map(Number)[0],
    bytes: Number(length),
  }
}
