import type { Case } from './case.ts'
import { manyConnections } from './cases/connections.ts'
import { pinnedRoundTrip, roundTrip } from './cases/echo.ts'
import { type FlowPeer, flow, rateAtLeast } from './cases/flow.ts'
import { idleConnections } from './cases/idle.ts'
import { importTime } from './cases/import-time.ts'
import { largeMessage } from './cases/large-message.ts'
import { modulesLoaded } from './cases/modules.ts'
import { slowReader } from './cases/slow-reader.ts'

const ours: FlowPeer = { name: 'connect-ts', peer: 'ours' }
const oursInBatches: FlowPeer = { name: 'connect-ts', peer: 'ours-batches' }
const oursOnTcp: FlowPeer = { name: 'connect-ts on TCP', peer: 'ours', medium: 'tcp' }
const fresh: FlowPeer = { name: 'fresh', peer: 'ours-fresh' }
const reused: FlowPeer = { name: 'reused', peer: 'ours' }
const net: FlowPeer = { name: 'net', peer: 'node' }
const tls: FlowPeer = { name: 'tls', peer: 'node' }
const libzmq: FlowPeer = { name: 'libzmq', peer: 'libzmq' }
const zeromq: FlowPeer = { name: 'zeromq', peer: 'zeromq' }
const zeromqOnTcp: FlowPeer = { name: 'zeromq on TCP', peer: 'zeromq', medium: 'tcp' }
const ws: FlowPeer = { name: 'ws', peer: 'ws' }

const taking = (peer: FlowPeer, share: number): FlowPeer => ({ ...peer, share })

const overTcp: readonly Case[] = [
  flow({
    name: '64 B',
    about: '`send` in a loop, `for await` at the other end.',
    bytes: 64,
    count: 3_000_000,
    peers: [ours, net, libzmq, taking(zeromq, 0.1), taking(ws, 0.1)],
    goals: [rateAtLeast(15, 'zeromq'), rateAtLeast(13, 'ws'), rateAtLeast(1.5, 'libzmq')],
    chart: '64 B',
  }),
  flow({
    name: '64 B, batches',
    about: '`trySend` while there is room, `batches()` at the other end.',
    bytes: 64,
    count: 6_000_000,
    peers: [oursInBatches, net, taking(libzmq, 0.5)],
    goals: [rateAtLeast(2.5, 'libzmq'), rateAtLeast(0.55, 'net')],
    chart: '64 B, trySend and batches',
  }),
  flow({
    name: '64 B, fresh datagrams',
    about: 'A new `ConnectDatagram` and `await send()` for each message.',
    bytes: 64,
    count: 3_000_000,
    peers: [fresh, reused],
    goals: [rateAtLeast(0.8, 'reused')],
  }),
  flow({
    name: '1 KiB',
    about: '`send` in a loop, `for await` at the other end.',
    bytes: 1024,
    count: 1_000_000,
    peers: [ours, net, libzmq, taking(zeromq, 0.2), taking(ws, 0.2)],
    goals: [rateAtLeast(1.7, 'libzmq'), rateAtLeast(1.4, 'net')],
    chart: '1 KiB',
  }),
  flow({
    name: '64 KiB',
    about: '`send` in a loop, `for await` at the other end.',
    bytes: 65_536,
    count: 40_000,
    peers: [ours, net, libzmq, zeromq, taking(ws, 0.2)],
    goals: [rateAtLeast(2, 'libzmq'), rateAtLeast(2, 'net')],
    chart: '64 KiB',
  }),
  flow({
    name: '1 MiB',
    about: '`send` in a loop, `for await` at the other end.',
    bytes: 1_048_576,
    count: 2_500,
    peers: [ours, net, libzmq, zeromq, taking(ws, 0.2)],
    goals: [rateAtLeast(2, 'libzmq'), rateAtLeast(2, 'net')],
    chart: '1 MiB',
  }),
]

const overOthers: readonly Case[] = [
  flow({
    name: 'TLS, 64 B',
    about: '`send` in a loop, `for await` at the other end; zeromq.js, which has no TLS, on plain TCP.',
    bytes: 64,
    count: 2_000_000,
    medium: 'tls',
    peers: [ours, tls, taking(zeromqOnTcp, 0.15)],
    goals: [rateAtLeast(10, zeromqOnTcp.name)],
  }),
  flow({
    name: 'TLS, 64 KiB',
    about: '`send` in a loop, `for await` at the other end.',
    bytes: 65_536,
    count: 15_000,
    medium: 'tls',
    peers: [ours, tls],
    goals: [rateAtLeast(0.95, 'tls')],
  }),
  flow({
    name: 'Unix socket, 64 B',
    about: '`send` in a loop, `for await` at the other end; beside our own TCP.',
    bytes: 64,
    count: 3_000_000,
    medium: 'unix',
    peers: [ours, oursOnTcp, net],
    goals: [rateAtLeast(1, oursOnTcp.name)],
  }),
  flow({
    name: 'Unix socket, 64 KiB',
    about: '`send` in a loop, `for await` at the other end; beside our own TCP.',
    bytes: 65_536,
    count: 40_000,
    medium: 'unix',
    peers: [ours, oursOnTcp, net],
    goals: [rateAtLeast(1, oursOnTcp.name)],
  }),
]

/** Everything that is measured, in the order in which it is. */
export const catalogue: readonly Case[] = [
  ...overTcp,
  ...overOthers,
  roundTrip,
  pinnedRoundTrip,
  manyConnections,
  largeMessage,
  slowReader,
  idleConnections,
  importTime,
  modulesLoaded,
]
