import type { Case } from './case.ts'
import { manyConnections } from './cases/connections.ts'
import { dtlsSctpRoundTrip, pinnedRoundTrip, roundTrip } from './cases/echo.ts'
import { type FlowPeer, flow, rateAtLeast } from './cases/flow.ts'
import { handshake } from './cases/handshake.ts'
import { idleAssociations, idleConnections, idleDtlsAssociations, idleSessions } from './cases/idle.ts'
import { importTime } from './cases/import-time.ts'
import { flowsInSession } from './cases/in-session.ts'
import { largeMessage } from './cases/large-message.ts'
import { modulesLoaded } from './cases/modules.ts'
import { resume } from './cases/resume.ts'
import { slowReader } from './cases/slow-reader.ts'

const ours: FlowPeer = { name: 'connect-ts', peer: 'ours' }
const oursInBatches: FlowPeer = { name: 'connect-ts', peer: 'ours-batches' }
const oursOnSctp: FlowPeer = { name: 'connect-ts on SCTP', peer: 'ours', medium: 'sctp' }
const oursInBatchesOnSctp: FlowPeer = { ...oursOnSctp, peer: 'ours-batches' }
const oursOnTcp: FlowPeer = { name: 'connect-ts on TCP', peer: 'ours', medium: 'tcp' }
const fresh: FlowPeer = { name: 'fresh', peer: 'ours-fresh' }
const reused: FlowPeer = { name: 'reused', peer: 'ours' }
const net: FlowPeer = { name: 'net', peer: 'node' }
const tls: FlowPeer = { name: 'tls', peer: 'node' }
const libzmq: FlowPeer = { name: 'libzmq', peer: 'libzmq' }
const zeromq: FlowPeer = { name: 'zeromq', peer: 'zeromq' }
const zeromqOnTcp: FlowPeer = { name: 'zeromq on TCP', peer: 'zeromq', medium: 'tcp' }
const ws: FlowPeer = { name: 'ws', peer: 'ws' }

const usrsctp: FlowPeer = { name: 'usrsctp', peer: 'usrsctp' }
const usrsctp1200: FlowPeer = { ...usrsctp, packetBytes: 1200 }
/** The largest packets with which it works; it does not look for them itself. */
const usrsctpLarge: FlowPeer = { name: 'usrsctp, 60,000 B packets', peer: 'usrsctp', packetBytes: 60_000 }
const udp1200: FlowPeer = { name: 'UDP, 1,200 B', peer: 'udp', packetBytes: 1200, direct: true }
const udpLarge: FlowPeer = { name: 'UDP, 65,000 B', peer: 'udp', packetBytes: 65_000, direct: true }

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

const overSctp: readonly Case[] = [
  flow({
    name: 'SCTP, 64 B',
    about: '`send` in a loop, `for await` at the other end.',
    bytes: 64,
    count: 1_000_000,
    medium: 'sctp',
    peers: [ours, usrsctp, udpLarge, udp1200],
    goals: [{ figure: 'rate', atLeast: 300_000 }, rateAtLeast(3, usrsctp.name)],
  }),
  flow({
    name: 'SCTP, 64 B, batches',
    about: '`trySend` while there is room, `batches()` at the other end.',
    bytes: 64,
    count: 1_000_000,
    medium: 'sctp',
    peers: [oursInBatches, usrsctp, udpLarge, udp1200],
    goals: [{ figure: 'rate', atLeast: 300_000 }, rateAtLeast(3, usrsctp.name)],
  }),
  flow({
    name: 'SCTP, 1 KiB',
    about: '`send` in a loop, `for await` at the other end.',
    bytes: 1024,
    count: 150_000,
    medium: 'sctp',
    peers: [ours, usrsctp, udpLarge, udp1200],
  }),
  flow({
    name: 'SCTP, 64 KiB',
    about:
      'With packets as large as the path takes: ours finds out that these are 65,504 bytes. usrsctp sends 1,472, as on Ethernet, unless it is told another size.',
    bytes: 65_536,
    count: 5_000,
    medium: 'sctp',
    peers: [ours, usrsctp, usrsctpLarge, udpLarge],
    goals: [rateAtLeast(3, usrsctp.name)],
  }),
  flow({
    name: 'SCTP, 64 KiB, packets of 1,200 B',
    about: 'Through a process that passes no larger datagrams; usrsctp is told so. UDP goes without it.',
    bytes: 65_536,
    count: 2_000,
    medium: 'sctp',
    link: 'narrow',
    peers: [ours, usrsctp1200, udp1200],
    goals: [rateAtLeast(1.2, usrsctp.name)],
  }),
  flow({
    name: 'SCTP, 64 KiB, 1 % loss',
    about: 'Through a process that drops one datagram in a hundred, both ways, and all above 1,200 bytes.',
    bytes: 65_536,
    count: 1_000,
    medium: 'sctp',
    link: 'lossy',
    peers: [ours, usrsctp1200],
    goals: [rateAtLeast(1, usrsctp.name)],
  }),
  flow({
    name: 'SCTP, 1 KiB, 1 % loss',
    about: 'Through a process that drops one datagram in a hundred, both ways, and all above 1,200 bytes.',
    bytes: 1024,
    count: 50_000,
    medium: 'sctp',
    link: 'lossy',
    peers: [ours, usrsctp1200],
    goals: [rateAtLeast(1, usrsctp.name)],
  }),
]

const overDtlsSctp: readonly Case[] = [
  flow({
    name: 'DTLS-SCTP, 64 B',
    about: '`send` in a loop, `for await` at the other end; beside our own SCTP without DTLS.',
    bytes: 64,
    count: 1_000_000,
    medium: 'dtls-sctp',
    peers: [ours, oursOnSctp],
    goals: [rateAtLeast(0.6, oursOnSctp.name)],
  }),
  flow({
    name: 'DTLS-SCTP, 64 B, batches',
    about: '`trySend` while there is room, `batches()` at the other end; beside our own SCTP without DTLS.',
    bytes: 64,
    count: 1_000_000,
    medium: 'dtls-sctp',
    peers: [oursInBatches, oursInBatchesOnSctp],
    goals: [rateAtLeast(0.6, oursOnSctp.name)],
  }),
  flow({
    name: 'DTLS-SCTP, 1 KiB',
    about: '`send` in a loop, `for await` at the other end; beside our own SCTP without DTLS.',
    bytes: 1024,
    count: 150_000,
    medium: 'dtls-sctp',
    peers: [ours, oursOnSctp],
    goals: [rateAtLeast(0.6, oursOnSctp.name)],
  }),
  flow({
    name: 'DTLS-SCTP, 64 KiB',
    about:
      'With packets as large as the path takes: 65,504 bytes without DTLS, and what a DTLS record holds, 16,384, inside it.',
    bytes: 65_536,
    count: 5_000,
    medium: 'dtls-sctp',
    peers: [ours, oursOnSctp],
    goals: [rateAtLeast(0.6, oursOnSctp.name)],
  }),
]

/** Everything that is measured, in the order in which it is. */
export const catalogue: readonly Case[] = [
  ...overTcp,
  ...overOthers,
  ...overSctp,
  ...overDtlsSctp,
  ...flowsInSession,
  resume,
  roundTrip,
  pinnedRoundTrip,
  dtlsSctpRoundTrip,
  handshake,
  manyConnections,
  largeMessage,
  slowReader,
  idleConnections,
  idleSessions,
  idleAssociations,
  idleDtlsAssociations,
  importTime,
  modulesLoaded,
]
