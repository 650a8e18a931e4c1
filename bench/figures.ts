/** What can be measured: its name, the heading of its column, and how a value is written. */
export const figures = {
  rate: { label: 'messages/s', show: perSecond },
  megabytes: { label: 'MB/s', show: rounded },
  p50: { label: 'p50 µs', show: digits },
  p99: { label: 'p99 µs', show: digits },
  senderCpu: { label: 'sender CPU µs', show: digits },
  receiverCpu: { label: 'receiver CPU µs', show: digits },
  senderPeak: { label: 'sender peak MB', show: megabytes },
  receiverPeak: { label: 'receiver peak MB', show: megabytes },
  senderGrowth: { label: 'sender peak above idle / message', show: digits },
  receiverGrowth: { label: 'receiver peak above idle / message', show: digits },
  slowest: { label: 'slowest connection / mean', show: digits },
  stall: { label: 'longest stall of the sender, ms', show: rounded },
  connections: { label: 'connections', show: rounded },
  senderEach: { label: 'connecting end KB', show: kilobytes },
  receiverEach: { label: 'accepting end KB', show: kilobytes },
  bothEach: { label: 'both ends KB', show: kilobytes },
  senderHeap: { label: 'connecting end heap KB', show: kilobytes },
  receiverHeap: { label: 'accepting end heap KB', show: kilobytes },
  senderMs: { label: 'message at connecting end, ms', show: digits },
  receiverMs: { label: 'at accepting end, ms', show: digits },
  senderTrips: { label: 'at connecting end, round trips', show: digits },
  receiverTrips: { label: 'at accepting end, round trips', show: digits },
  senderExcess: { label: 'sender peak MB above idle and limit', show: megabytes },
  receiverExcess: { label: 'receiver peak MB above idle and limit', show: megabytes },
  importMs: { label: 'ms', show: digits },
  files: { label: 'files', show: rounded },
  strays: { label: 'transports that are not used', show: rounded },
} satisfies Record<string, { label: string; show: (value: number) => string }>

export type Figure = keyof typeof figures

/** What one run gave. Memory is in bytes, CPU time and round trips are in microseconds. */
export type Sample = Readonly<Partial<Record<Figure, number>>>

/** A value as it stands in a table; a dash where there is none. */
export function show(figure: Figure, value: number | undefined): string {
  return value === undefined ? '-' : figures[figure].show(value)
}

/** Three digits, as far as a number needs them. */
export function digits(value: number): string {
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}

function rounded(value: number): string {
  return value.toFixed(0)
}

function megabytes(bytes: number): string {
  return digits(bytes / 1e6)
}

function kilobytes(bytes: number): string {
  return digits(bytes / 1e3)
}

function perSecond(rate: number): string {
  if (rate >= 1e6) return `${digits(rate / 1e6)} M`
  return rate >= 1e4 ? `${digits(rate / 1e3)} k` : rounded(rate)
}
