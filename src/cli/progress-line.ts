import { formatBytes, formatClock, formatRate } from './format.ts'

/** How far a transfer is. */
export interface ProgressState {
  readonly bytes: number
  /** Undefined if nobody knows. */
  readonly totalBytes: number | undefined
  readonly bytesPerSecond: number
  readonly elapsedMs: number
}

const BAR_WIDTH = 24

/** One line for a terminal, at most `columns` wide. */
export function progressLine(state: ProgressState, columns: number): string {
  const line = state.totalBytes === undefined ? withoutTotal(state) : withTotal(state, state.totalBytes)
  return line.slice(0, Math.max(columns, 0))
}

function withoutTotal({ bytes, bytesPerSecond, elapsedMs }: ProgressState): string {
  return `${formatBytes(bytes)}  ${formatRate(bytesPerSecond)}  ${formatClock(elapsedMs / 1000)}`
}

function withTotal({ bytes, bytesPerSecond }: ProgressState, totalBytes: number): string {
  // A file may grow while it is read.
  const share = totalBytes === 0 ? 1 : Math.min(bytes / totalBytes, 1)
  const percent = `${Math.floor(share * 100)}%`.padStart(4)
  const left = timeLeft(Math.max(totalBytes - bytes, 0), bytesPerSecond)
  const amount = `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`
  return `${bar(share)} ${percent}  ${amount}  ${formatRate(bytesPerSecond)}  ${left} left`
}

function bar(share: number): string {
  const filled = Math.floor(share * BAR_WIDTH)
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`
}

function timeLeft(bytes: number, bytesPerSecond: number): string {
  if (bytes === 0) return formatClock(0)
  return bytesPerSecond > 0 ? formatClock(bytes / bytesPerSecond) : '-:--'
}
