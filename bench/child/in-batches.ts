/** Fewer than a listener's backlog holds. */
const BATCH = 100

/** Opens many connections, some at a time. */
export async function inBatches<T>(count: number, open: () => Promise<T>): Promise<T[]> {
  const opened: T[] = []
  while (opened.length < count) {
    const length = Math.min(BATCH, count - opened.length)
    opened.push(...(await Promise.all(Array.from({ length }, open))))
  }
  return opened
}
