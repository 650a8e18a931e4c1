import { ConnectError } from 'connect-ts'
import type { Report } from './report.ts'

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const decimal = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

export function describeError(error: unknown): string {
  const { message } = error as Error
  return error instanceof ConnectError ? `${error.code}: ${message}` : message
}

/** The size, the time and the rates of a file that went there and back. Each way counts once, not both together. */
export function describeRates({ bytes, datagrams }: Report, seconds: number): string[] {
  const byteRate = `${decimal.format(bytes / 1e6 / seconds)} MB/s of file bytes each way`
  const messageRate = `${number.format(datagrams / seconds)} messages/s`
  const messages = datagrams === 1 ? 'message' : 'messages'
  const size = `${number.format(bytes)} bytes in ${number.format(datagrams)} ${messages}`
  return [`${size}, ${describeTime(seconds)}`, `${byteRate}, ${messageRate}`]
}

function describeTime(seconds: number): string {
  return seconds < 1 ? `${decimal.format(seconds * 1000)} ms` : `${decimal.format(seconds)} s`
}

/** How much of a file has come back, with the rate and the time left. */
export function describeProgress(bytes: number, totalBytes: number, seconds: number): string {
  const percent = totalBytes === 0 ? 100 : Math.min(100, Math.floor((bytes / totalBytes) * 100))
  const megabytes = `${number.format(bytes / 1e6)} of ${number.format(totalBytes / 1e6)} MB back`
  const rate = bytes / seconds
  const left = rate > 0 ? describeTimeLeft(Math.max(0, totalBytes - bytes) / rate) : 'waiting'
  return `  ${String(percent).padStart(3)}%  ${megabytes}  ${number.format(rate / 1e6)} MB/s  ${left}`
}

function describeTimeLeft(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s left`
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min left` : `${number.format(seconds / 3600)} h left`
}
