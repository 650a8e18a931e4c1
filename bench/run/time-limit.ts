/** The longest that one run may take. */
const RUN_LIMIT_MS = 120_000

export function withinLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`a run took longer than ${RUN_LIMIT_MS} ms`)), RUN_LIMIT_MS)
  })
  return Promise.race([work, limit]).finally(() => clearTimeout(timer))
}
