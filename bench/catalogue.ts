import type { Job } from './job.ts'

/** One comparison: the same work by several peers. */
export interface Comparison {
  readonly name: string
  readonly job: Job
  /** Ours first. */
  readonly peers: readonly string[]
  /** Each process on a core of its own. */
  readonly pinned?: boolean
  /** What our ratio to a peer should be: of rates at least, of round trips at most. */
  readonly targets: Readonly<Record<string, number>>
}

const flow = (bytes: number, count: number, medium: Job['medium'] = 'tcp'): Job => ({
  kind: 'flow',
  bytes,
  count,
  warmUp: Math.ceil(count / 5),
  medium,
})

const echo = (medium: Job['medium'] = 'tcp'): Job => ({
  kind: 'echo',
  bytes: 64,
  count: 20_000,
  warmUp: 5_000,
  medium,
})

/** Counts that take about a second each on a machine of two cores. */
export const catalogue: readonly Comparison[] = [
  {
    name: '64 B, send and for await',
    job: flow(64, 3_000_000),
    peers: ['ours', 'ours-batches', 'ours-fresh', 'node', 'libzmq'],
    targets: { libzmq: 1.5 },
  },
  {
    name: '64 B, against zeromq.js and ws',
    job: flow(64, 500_000),
    peers: ['ours', 'zeromq', 'ws'],
    targets: { zeromq: 15, ws: 13 },
  },
  {
    name: '64 B, trySend and batches',
    job: flow(64, 6_000_000),
    peers: ['ours-batches', 'node', 'libzmq'],
    targets: { libzmq: 2.5, node: 0.55 },
  },
  {
    name: '64 B, a fresh datagram for each',
    job: flow(64, 3_000_000),
    peers: ['ours-fresh', 'ours'],
    targets: { ours: 0.8 },
  },
  {
    name: '1 KiB',
    job: flow(1024, 1_000_000),
    peers: ['ours', 'node', 'libzmq', 'zeromq', 'ws'],
    targets: { libzmq: 1.7, node: 1.4 },
  },
  {
    name: '64 KiB',
    job: flow(65_536, 60_000),
    peers: ['ours', 'node', 'libzmq', 'zeromq', 'ws'],
    targets: { libzmq: 2, node: 2 },
  },
  {
    name: '1 MiB',
    job: flow(1_048_576, 4_000),
    peers: ['ours', 'node', 'libzmq', 'zeromq', 'ws'],
    targets: { libzmq: 2, node: 2 },
  },
  { name: 'TLS, 64 B', job: flow(64, 500_000, 'tls'), peers: ['ours', 'node'], targets: {} },
  { name: 'TLS, 64 KiB', job: flow(65_536, 15_000, 'tls'), peers: ['ours', 'node'], targets: { node: 0.95 } },
  { name: 'Unix socket, 64 B', job: flow(64, 3_000_000, 'unix'), peers: ['ours', 'node'], targets: {} },
  { name: 'Unix socket, 64 KiB', job: flow(65_536, 60_000, 'unix'), peers: ['ours', 'node'], targets: {} },
  { name: 'round trip of 64 B', job: echo(), peers: ['ours', 'node', 'ws', 'zeromq'], targets: {} },
  {
    name: 'round trip of 64 B, pinned',
    job: echo(),
    peers: ['ours', 'node', 'ws', 'zeromq'],
    pinned: true,
    targets: { node: 1.05 },
  },
]
