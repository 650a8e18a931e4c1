import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'

/** What a test waits for at most; on a loaded machine this is still generous. */
const PATIENCE_MS = 20_000

/** The promise, or a failure if it is not settled in time. */
export async function within<T>(
  promise: Promise<T>,
  what = 'what was waited for',
  ms = PATIENCE_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits until the condition holds. */
export async function until(condition: () => boolean, what: string, ms = PATIENCE_MS): Promise<void> {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what}: still not so after ${ms} ms`)
    await sleep(2)
  }
}

/** Whether the promise is still pending after a few turns of the event loop and `ms` more. */
export async function pends(promise: Promise<unknown>, ms = 30): Promise<boolean> {
  let settled = false
  const settle = (): void => {
    settled = true
  }
  promise.then(settle, settle)
  await turn()
  await sleep(ms)
  return !settled
}

export { sleep, turn }
