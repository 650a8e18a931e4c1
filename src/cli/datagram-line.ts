import type { ConnectDatagram } from '../index.ts'
import { isPlainText, terminalLine } from './terminal-text.ts'

/** Bytes that a line shows of data that is no text. */
const HEX_BYTES = 32

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** One line for people. */
export function datagramLine({ recipient, byteLength, data }: ConnectDatagram): string {
  const text = textOf(data)
  const shown = text !== undefined && isPlainText(text) ? terminalLine(text) : hexOf(data)
  return `recipient ${recipient}, ${byteLength} ${byteLength === 1 ? 'byte' : 'bytes'}: ${shown}`
}

/** One line for programs: `text` if the data is UTF-8, `data` in base64 otherwise. */
export function datagramJson(connection: number, { recipient, byteLength, data }: ConnectDatagram): string {
  const text = textOf(data)
  const content = text === undefined ? { data: Buffer.from(data).toString('base64') } : { text }
  return JSON.stringify({ event: 'datagram', connection, recipient, byteLength, ...content })
}

function textOf(data: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(data)
  } catch {
    return undefined
  }
}

function hexOf(data: Uint8Array): string {
  const hex = Buffer.from(data.subarray(0, HEX_BYTES)).toString('hex')
  return `hex ${hex}${data.length > HEX_BYTES ? '...' : ''}`
}
