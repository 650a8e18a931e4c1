/**
 * `; did you mean X?` where one of the known words is close to what was typed, and nothing where none is.
 *
 * @param show what is shown of a word: bare words compare best
 */
export function didYouMean(
  typed: string,
  known: readonly string[],
  show = (word: string): string => word,
): string {
  const most = Math.max(1, Math.floor(typed.length / 3))
  const near = known
    .map(word => ({ word, edits: word.startsWith(typed) && typed !== '' ? 0 : editsBetween(typed, word) }))
    .filter(({ edits }) => edits <= most)
    .sort((a, b) => a.edits - b.edits)
  return near[0] === undefined ? '' : `; did you mean ${show(near[0].word)}?`
}

/** Characters to add, drop, replace, or exchange with their neighbour (the optimal string alignment distance). */
function editsBetween(a: string, b: string): number {
  // A word that is much longer than any known one is not compared at all.
  if (Math.abs(a.length - b.length) > Math.max(a.length, b.length) / 2) return Number.POSITIVE_INFINITY
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const replaced = rows[i - 1]![j - 1]! + (isSame ? 0 : 1)
      const swapped = isSwapped ? rows[i - 2]![j - 2]! + 1 : replaced
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, replaced, swapped))
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
