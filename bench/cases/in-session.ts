import type { Case } from '../case.ts'
import { type FlowPeer, flow, rateAtLeast } from './flow.ts'

const plain: FlowPeer = { name: 'connect-ts', peer: 'ours' }
const inSession: FlowPeer = { ...plain, name: 'connect-ts in a session', session: true }
const plainInBatches: FlowPeer = { ...plain, peer: 'ours-batches' }
const inSessionInBatches: FlowPeer = { ...inSession, peer: 'ours-batches' }

/** What it costs that nothing is lost or doubled when the connection breaks; here none does. */
export const flowsInSession: readonly Case[] = [
  flow({
    name: 'session, 64 B',
    about: '`send` in a loop, `for await` at the other end, both set to sessions; beside a plain connection.',
    bytes: 64,
    count: 3_000_000,
    peers: [inSession, plain],
    goals: [rateAtLeast(0.85, plain.name)],
  }),
  flow({
    name: 'session, 64 B, batches',
    about:
      '`trySend` while there is room, `batches()` at the other end, both set to sessions; beside a plain connection.',
    bytes: 64,
    count: 3_000_000,
    peers: [inSessionInBatches, plainInBatches],
  }),
  flow({
    name: 'session, 1 KiB',
    about: '`send` in a loop, `for await` at the other end, both set to sessions; beside a plain connection.',
    bytes: 1024,
    count: 500_000,
    peers: [inSession, plain],
  }),
  flow({
    name: 'session, 64 KiB',
    about: '`send` in a loop, `for await` at the other end, both set to sessions; beside a plain connection.',
    bytes: 65_536,
    count: 120_000,
    peers: [inSession, plain],
    goals: [rateAtLeast(0.95, plain.name)],
  }),
]
