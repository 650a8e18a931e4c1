// One process of a run: `receive PEER JOB` or `send PEER JOB ADDRESS`. Tells its parent what it measured and waits to
// be killed.
import type { Job, Peer } from './job.ts'

const [role, peerName, jobText, address] = process.argv.slice(2)
const job = JSON.parse(jobText!) as Job
const peer = (await import(`./peers/${peerName}.ts`)) as Peer

/** What this process has used so far. */
function usage(): { cpuMs: number; peakBytes: number } {
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1000, peakBytes: process.resourceUsage().maxRSS * 1024 }
}

if (role === 'receive') {
  const receiving = await peer.receive(job)
  process.send!({ address: receiving.address })
  process.send!({ elapsedMs: await receiving.elapsedMs, ...usage() })
} else {
  const times = await peer.send(job, address!)
  process.send!({ times: times === undefined ? undefined : Array.from(times), ...usage() })
}
setInterval(() => {}, 60_000)
