import { execFileSync } from 'node:child_process'
import type { Case, Contender } from '../case.ts'
import type { Usage } from '../child/meter.ts'
import type { IdleJob, Medium } from '../job.ts'
import { progress } from '../progress.ts'
import { runPair } from '../run/pair.ts'

/** Connections of one run. */
interface Extent {
  readonly full: number
  readonly quick: number
}

const MANY: Extent = { full: 10_000, quick: 2_000 }
/** A handshake with certificates takes milliseconds of both ends, and a run must end in time. */
const FEWER: Extent = { full: 2_000, quick: 400 }
/** Files that a process has open beside its connections. */
const OTHER_FILES = 100

export const idleConnections: Case = {
  name: '10,000 idle connections',
  about: 'Resident memory of both ends, without garbage, once the connections are open and quiet.',
  contenders: [contender('connect-ts', 'ours-idle'), contender('net', 'node-idle')],
  columns: ['connections', 'senderEach', 'receiverEach', 'bothEach'],
  compared: ['bothEach'],
  goals: [{ figure: 'bothEach', against: 'net', atMost: 1.2 }],
  rounds: { full: 5, quick: 1 },
}

/** Each dialled association has a UDP socket of its own; those that are accepted share one. */
export const idleAssociations: Case = {
  ...idleConnections,
  name: '10,000 idle connections, SCTP',
  about: 'The same over SCTP, beside TCP; each dialled connection has a UDP socket of its own.',
  contenders: [contender('connect-ts', 'ours-idle', 'sctp'), contender('connect-ts on TCP', 'ours-idle')],
  goals: [{ figure: 'bothEach', against: 'connect-ts on TCP', atMost: 2 }],
}

/** What an association costs inside DTLS, with the memory that OpenSSL takes. */
export const idleDtlsAssociations: Case = {
  ...idleConnections,
  name: '2,000 idle connections, DTLS-SCTP',
  about: 'The same over DTLS-SCTP, beside plain SCTP and TLS.',
  contenders: [
    contender('connect-ts', 'ours-idle', 'dtls-sctp', FEWER),
    contender('connect-ts on SCTP', 'ours-idle', 'sctp', FEWER),
    contender('connect-ts on TLS', 'ours-idle', 'tls', FEWER),
  ],
  goals: [],
}

function contender(name: string, peer: string, medium: Medium = 'tcp', extent = MANY): Contender {
  return {
    name,
    run: async quick => {
      const job: IdleJob = { medium, connections: allowed(quick ? extent.quick : extent.full), first: 100 }
      const { sender, receiver } = await runPair({ peer, job, until: 'both', settleMs: 300, exposeGc: true })
      const [senderEach, receiverEach] = [eachOf(sender, job), eachOf(receiver, job)]
      return { connections: job.connections, senderEach, receiverEach, bothEach: senderEach + receiverEach }
    },
  }
}

function eachOf({ idleBytes, endBytes }: Usage, { connections, first }: IdleJob): number {
  return (endBytes - idleBytes) / (connections - first)
}

let warned = false

/** As many of the connections as a process may open here. */
function allowed(wanted: number): number {
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
  const most = limit === 'unlimited' ? wanted : Math.min(wanted, Number(limit) - OTHER_FILES)
  if (most < wanted && !warned) {
    progress.warn(`ulimit -n is ${limit}: ${most} idle connections instead of ${wanted}`)
    warned = true
  }
  return most
}
