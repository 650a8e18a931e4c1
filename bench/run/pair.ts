import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Usage } from '../child/meter.ts'
import type { Sample } from '../figures.ts'
import type { Link } from '../job.ts'
import { socketPath } from '../socket-path.ts'
import type { Outcome } from './outcome.ts'
import { Program } from './program.ts'
import { type Relayed, startRelay } from './relay.ts'
import { withinLimit } from './time-limit.ts'

/** One run of a peer in two processes. */
export interface Plan {
  /** A file of `bench/peers`, and the job it is given. */
  readonly peer: string
  readonly job: object
  /** Whose end of the work is the end of the run. */
  readonly until: 'both' | 'sender' | 'receiver'
  /** Whether each process has a core of its own. */
  readonly pinned?: boolean | undefined
  /** Quiet time once connected, before the idle levels are taken, in ms. */
  readonly settleMs?: number
  readonly exposeGc?: boolean
  readonly link?: Link | undefined
}

/** Processes that are running. */
interface Pair {
  readonly receiver: Program
  relay?: Relayed['relay']
  sender?: Program
}

export function runPair(plan: Plan): Promise<Outcome<Usage>> {
  const pair: Pair = { receiver: start(plan, 0, ['receive']) }
  return withinLimit(Promise.race([work(plan, pair), pair.receiver.ended])).finally(async () => {
    await Promise.all([pair.receiver.stop(), pair.relay?.stop(), pair.sender?.stop()])
    rmSync(socketPath(pair.receiver.pid), { force: true })
  })
}

function start({ peer, job, pinned, exposeGc }: Plan, core: number, [role, ...rest]: string[]): Program {
  return new Program([role!, peer, JSON.stringify(job), ...rest], {
    core: pinned ? core : undefined,
    exposeGc,
  })
}

async function work(plan: Plan, pair: Pair): Promise<Outcome<Usage>> {
  const { receiver } = pair
  const address = await addressOf(plan, pair)
  const sender = start(plan, 1, ['send', address])
  pair.sender = sender
  return Promise.race([exchange(plan, sender, receiver), sender.ended])
}

/** Where the sender is to connect to: the receiver, or the relay before it. */
async function addressOf({ link }: Plan, pair: Pair): Promise<string> {
  const address = await pair.receiver.told('address')
  if (link === undefined) return address
  const relayed = await startRelay(address, link)
  pair.relay = relayed.relay
  return relayed.address
}

async function exchange(plan: Plan, sender: Program, receiver: Program): Promise<Outcome<Usage>> {
  await sender.told('ready')
  await sleep(plan.settleMs ?? 0)
  await Promise.all([sender.ask('idle'), receiver.ask('idle')])
  const figures = workDone(plan, sender, receiver)
  sender.say('go')
  const sample = await figures
  const [sent, received] = await Promise.all([sender.ask('usage'), receiver.ask('usage')])
  return { figures: sample, sender: sent, receiver: received }
}

async function workDone({ until }: Plan, sender: Program, receiver: Program): Promise<Sample> {
  const ends = until === 'both' ? [sender, receiver] : until === 'sender' ? [sender] : [receiver]
  const samples = await Promise.all(ends.map(end => end.told('figures')))
  return Object.assign({}, ...samples)
}
