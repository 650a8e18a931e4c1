import type { Comparison } from './catalogue.ts'
import type { Sample } from './run.ts'
import { median, ratioOf } from './statistics.ts'

/** A comparison as a few lines of text. */
export function tableOf(
  { name, job, targets }: Comparison,
  samples: Readonly<Record<string, Sample[]>>,
): string {
  const [first, ...others] = Object.keys(samples)
  const rows = [first!, ...others].map(peer => {
    const cells = [
      peer.padEnd(14),
      ...(job.kind === 'echo' ? echoCells(samples[peer]!) : flowCells(samples[peer]!, job.bytes)),
    ]
    if (peer !== first)
      cells.push(ratioCell(samples[first!]!, samples[peer]!, job.kind === 'echo', targets[peer]))
    return `  ${cells.join('  ')}`
  })
  return [name, ...rows].join('\n')
}

function flowCells(samples: readonly Sample[], bytes: number): string[] {
  const rate = median(samples.map(sample => sample.rate))
  const cells = [
    `${(rate / 1000).toFixed(rate < 1e5 ? 2 : 0).padStart(8)} k/s`,
    `${((rate * bytes) / 1e6).toFixed(0).padStart(6)} MB/s`,
  ]
  if (samples[0]?.senderPeakBytes === undefined) return [...cells, ' '.repeat(39)]
  const of = (pick: (sample: Sample) => number | undefined, unit: number): string =>
    (median(samples.map(sample => pick(sample)!)) / unit).toFixed(unit === 1e3 ? 1 : 0)
  return [
    ...cells,
    `cpu ${of(s => s.senderCpuMs, 1e3)}+${of(s => s.receiverCpuMs, 1e3)} s`.padEnd(15),
    `peak ${of(s => s.senderPeakBytes, 1e6)}+${of(s => s.receiverPeakBytes, 1e6)} MB`.padEnd(22),
  ]
}

function echoCells(samples: readonly Sample[]): string[] {
  const of = (pick: (sample: Sample) => number | undefined): string =>
    median(samples.map(s => pick(s)!)).toFixed(1)
  return [`p50 ${of(s => s.p50).padStart(7)} us`, `p99 ${of(s => s.p99).padStart(7)} us`]
}

function ratioCell(
  ours: readonly Sample[],
  theirs: readonly Sample[],
  echo: boolean,
  target: number | undefined,
): string {
  const pick = (sample: Sample): number => (echo ? sample.p50! : sample.rate)
  const { median: middle, least, most } = ratioOf(ours.map(pick), theirs.map(pick))
  const aim = target === undefined ? '' : `, target ${echo ? 'at most ' : ''}${target}`
  return `ours is ${middle.toFixed(2)} x (${least.toFixed(2)} to ${most.toFixed(2)}${aim})`
}
