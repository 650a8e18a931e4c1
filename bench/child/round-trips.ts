import type { Sample } from '../figures.ts'
import type { Job } from '../job.ts'
import { quantile } from '../statistics.ts'

/** Sends one message at a time and waits for its echo. */
export async function roundTrips(job: Job, once: (place: number) => Promise<void>): Promise<Sample> {
  for (let i = 0; i < job.warmUp; i++) await once(i)
  const times = new Float64Array(job.count)
  const begin = performance.now()
  for (let i = 0; i < job.count; i++) {
    const start = performance.now()
    await once(i)
    times[i] = (performance.now() - start) * 1000
  }
  const rate = (job.count / (performance.now() - begin)) * 1000
  times.sort()
  return { rate, p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}
