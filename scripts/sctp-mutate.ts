// Fires mutated packets at SCTP associations in every state: npx tsx scripts/sctp-mutate.ts [COUNT [SEED]]
// A million takes a minute or two; the tests fire fewer. Prints the seed on failure.
import { fireMutations } from '../test/sctp/support/mutation-run.ts'

const count = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
const start = performance.now()
let next = 100_000

console.log(`${count} packets, seed ${seed}`)
const { given, ends, answers } = fireMutations(count, seed, fired => {
  if (fired < next) return
  next += 100_000
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  console.log(`${fired}: heap ${mib(heapUsed)}, buffers ${mib(arrayBuffers)}`)
})
console.table(Object.fromEntries(given))
console.table(Object.fromEntries(ends))
console.log(`${answers} answers, ${((performance.now() - start) / 1000).toFixed(1)} s`)

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`
}
