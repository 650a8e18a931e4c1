import type { Case, Contender } from '../case.ts'
import type { Sample } from '../figures.ts'
import type { Goal } from '../goals.ts'
import type { Job, Link, Medium } from '../job.ts'
import { libzmq, type NativeProgram, relay, usrsctp } from '../run/native.ts'
import { runNative } from '../run/native-pair.ts'
import type { Outcome } from '../run/outcome.ts'
import { runPair } from '../run/pair.ts'

/** Who takes part in a flow. */
export interface FlowPeer {
  readonly name: string
  /** A file of `bench/peers`, in TypeScript or in C. */
  readonly peer: string
  /** Where it is not that of the case. */
  readonly medium?: Medium
  /** Whether it sends in a session. */
  readonly session?: boolean
  /** The part of the case's messages that it sends, so that a slow one takes no longer than the others. */
  readonly share?: number
  /** Its packets, where it is told. */
  readonly packetBytes?: number
  /** Whether it stays out of the case's link. */
  readonly direct?: boolean
}

export interface FlowCase {
  readonly name: string
  readonly about: string
  readonly bytes: number
  /** Messages of one run; about a second's work of ours. */
  readonly count: number
  readonly medium?: Medium
  /** Between the processes; loopback itself unless told. */
  readonly link?: Link
  /** Ours first. */
  readonly peers: readonly FlowPeer[]
  readonly goals?: readonly Goal[]
  readonly chart?: string
}

/** Messages one way, as fast as they go. */
export function flow({ name, about, peers, goals = [], chart, ...work }: FlowCase): Case {
  return {
    name,
    about,
    contenders: peers.map(peer => contender(peer, work)),
    columns: ['rate', 'megabytes', 'senderCpu', 'receiverCpu', 'senderPeak', 'receiverPeak'],
    compared: ['rate'],
    goals,
    ...(chart !== undefined && { chart }),
  }
}

/** Our rate in relation to another's. */
export function rateAtLeast(atLeast: number, against: string): Goal {
  return { figure: 'rate', against, atLeast }
}

/** What is sent, and over what. */
type Work = Pick<FlowCase, 'bytes' | 'count' | 'medium' | 'link'>

const natives: readonly NativeProgram[] = [libzmq, usrsctp]

function contender(peer: FlowPeer, work: Work): Contender {
  const native = natives.find(({ name }) => name === peer.peer)
  const link = peer.direct ? undefined : work.link
  return {
    name: peer.name,
    needs: [...(native === undefined ? [] : [native]), ...(link === undefined ? [] : [relay])],
    run: async quick => {
      const job = { ...jobOf(peer, work, quick), ...(link !== undefined && { link }) }
      const outcome = native === undefined ? runOnNode(peer.peer, job) : runNative(native, job)
      return sampleOf(job, await outcome)
    },
  }
}

function jobOf({ medium, session, share = 1, packetBytes }: FlowPeer, work: Work, quick: boolean): Job {
  const count = Math.ceil(work.count * share)
  return {
    kind: 'flow',
    bytes: work.bytes,
    count: quick ? Math.ceil(count / 4) : count,
    warmUp: Math.ceil(count / 5),
    medium: medium ?? work.medium ?? 'tcp',
    ...(session !== undefined && { session }),
    ...(packetBytes !== undefined && { packetBytes }),
  }
}

function runOnNode(peer: string, job: Job): Promise<Outcome> {
  return runPair({ peer, job, until: 'both', link: job.link })
}

function sampleOf({ bytes, count, warmUp }: Job, { figures, sender, receiver }: Outcome): Sample {
  const cpuEach = (ms: number): number => (ms * 1000) / (warmUp + count)
  return {
    ...figures,
    megabytes: (figures.rate! * bytes) / 1e6,
    senderCpu: cpuEach(sender.cpuMs),
    receiverCpu: cpuEach(receiver.cpuMs),
    senderPeak: sender.peakBytes,
    receiverPeak: receiver.peakBytes,
  }
}
