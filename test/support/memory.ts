import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sleep } from './waiting.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

export const MIB = 1024 * 1024

/** Bytes that live in buffers and on the heap. What nobody holds may need a few rounds to be let go of. */
export async function usedBytes(): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    await sleep(5)
    collect()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    least = Math.min(least, arrayBuffers + heapUsed)
  }
  return least
}
