import { execFileSync } from 'node:child_process'
import type { Case, Contender } from '../case.ts'
import type { Usage } from '../child/meter.ts'
import type { IdleJob, Way } from '../job.ts'
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
const MOST_SESSION_BYTES = 2048

const tcp: Way = { medium: 'tcp' }
const sctp: Way = { medium: 'sctp' }

export const idleConnections: Case = {
  name: '10,000 idle connections',
  about: 'Resident memory of both ends, without garbage, once the connections are open and quiet.',
  contenders: [contender('connect-ts', tcp), contender('net', tcp, { peer: 'node-idle' })],
  columns: ['connections', 'senderEach', 'receiverEach', 'bothEach'],
  compared: ['bothEach'],
  goals: [{ figure: 'bothEach', against: 'net', atMost: 1.2 }],
  rounds: { full: 5, quick: 1 },
}

/** Resident memory also has the room that opening has left in V8's heap, which is larger than the sessions are. */
export const idleSessions: Case = {
  ...idleConnections,
  name: '10,000 idle sessions',
  about:
    'The same in sessions, beside plain connections. A session is judged by what it takes of the heap and outside it (`heapUsed` and `external`), without garbage: resident memory also holds the room in which the garbage of opening was, and differs by a fifth of a session from run to run.',
  contenders: [contender('connect-ts in a session', { ...tcp, session: true }), contender('connect-ts', tcp)],
  columns: ['connections', 'senderHeap', 'receiverHeap', 'senderEach', 'receiverEach', 'bothEach'],
  goals: (['senderHeap', 'receiverHeap'] as const).map(figure => ({
    figure,
    against: 'connect-ts',
    by: 'difference',
    atMost: MOST_SESSION_BYTES,
  })),
  rounds: { full: 3, quick: 1 },
}

/** Each dialled association has a UDP socket of its own; those that are accepted share one. */
export const idleAssociations: Case = {
  ...idleConnections,
  name: '10,000 idle connections, SCTP',
  about: 'The same over SCTP, beside TCP; each dialled connection has a UDP socket of its own.',
  contenders: [contender('connect-ts', sctp), contender('connect-ts on TCP', tcp)],
  goals: [{ figure: 'bothEach', against: 'connect-ts on TCP', atMost: 2 }],
}

/** What an association costs inside DTLS, with the memory that OpenSSL takes. */
export const idleDtlsAssociations: Case = {
  ...idleConnections,
  name: '2,000 idle connections, DTLS-SCTP',
  about: 'The same over DTLS-SCTP, beside plain SCTP and TLS.',
  contenders: [
    contender('connect-ts', { medium: 'dtls-sctp' }, { extent: FEWER }),
    contender('connect-ts on SCTP', sctp, { extent: FEWER }),
    contender('connect-ts on TLS', { medium: 'tls' }, { extent: FEWER }),
  ],
  goals: [],
}

function contender(name: string, way: Way, { peer = 'ours-idle', extent = MANY } = {}): Contender {
  return {
    name,
    run: async quick => {
      const job: IdleJob = { ...way, connections: allowed(quick ? extent.quick : extent.full), first: 100 }
      const { sender, receiver } = await runPair({ peer, job, until: 'both', settleMs: 300, exposeGc: true })
      const [senderEach, receiverEach] = [eachOf(sender, job), eachOf(receiver, job)]
      return {
        connections: job.connections,
        senderHeap: heapOfEach(sender, job),
        receiverHeap: heapOfEach(receiver, job),
        senderEach,
        receiverEach,
        bothEach: senderEach + receiverEach,
      }
    },
  }
}

function eachOf({ idleBytes, endBytes }: Usage, { connections, first }: IdleJob): number {
  return (endBytes - idleBytes) / (connections - first)
}

function heapOfEach({ idleHeapBytes, endHeapBytes }: Usage, { connections, first }: IdleJob): number {
  return (endHeapBytes - idleHeapBytes) / (connections - first)
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
