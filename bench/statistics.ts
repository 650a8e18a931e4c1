export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The ratio of two peers, round by round, so that what slowed a whole round down cancels out. */
export interface Ratio {
  readonly median: number
  readonly least: number
  readonly most: number
}

export function ratioOf(ours: readonly number[], theirs: readonly number[]): Ratio {
  const ratios = ours.map((value, round) => value / theirs[round]!)
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) }
}
