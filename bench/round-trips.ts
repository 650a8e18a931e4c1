import type { Job } from './job.ts'

/** Sends one message at a time; gives the measured round trips in microseconds. */
export async function roundTrips(job: Job, once: (place: number) => Promise<void>): Promise<Float64Array> {
  for (let i = 0; i < job.warmUp; i++) await once(i)
  const times = new Float64Array(job.count)
  for (let i = 0; i < job.count; i++) {
    const start = performance.now()
    await once(i)
    times[i] = (performance.now() - start) * 1000
  }
  return times
}
