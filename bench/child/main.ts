// One process of a run: `receive PEER JOB` or `send PEER JOB ADDRESS`. Its parent asks by words ('idle', 'go',
// 'usage') and is told the fields of `Reports`, one per message.
import type { Peer } from '../job.ts'
import { Meter } from './meter.ts'
import type { Reports } from './reports.ts'

const [role, peerName, jobText, address] = process.argv.slice(2)
const job: unknown = JSON.parse(jobText!)
const peer = (await import(`../peers/${peerName}.ts`)) as Peer<unknown>
const meter = new Meter()

function tell(report: Partial<Reports>): void {
  process.send!(report)
}

const begun = new Promise<void>(resolve => {
  process.on('message', async word => {
    if (word === 'idle') tell({ idle: await meter.begin() })
    if (word === 'usage') tell({ usage: await meter.read() })
    if (word === 'go') resolve()
  })
})
process.on('disconnect', () => process.exit())

if (role === 'receive') {
  const receiving = await peer.receive(job)
  tell({ address: receiving.address })
  tell({ figures: await receiving.figures })
} else {
  const begin = (): Promise<void> => {
    tell({ ready: true })
    return begun
  }
  tell({ figures: await peer.send(job, address!, begin) })
}
