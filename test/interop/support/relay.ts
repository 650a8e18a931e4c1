import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { addressOf, portsOf } from './peer.ts'

/** A UDP datagram between a client and a server. */
export interface Datagram {
  readonly fromServer: boolean
  readonly payload: Uint8Array
}

/** What becomes of a datagram: one that is late leaves a little later, behind others if there are any. */
export type Fate = 'passes' | 'is lost' | 'comes twice' | 'is late'

const LATE_MS = 3

/** Decides by a datagram and its number from the start. */
export type Path = (datagram: Uint8Array, index: number) => Fate

/** Stands between a client and a server on 127.0.0.1 and keeps each datagram that was sent. */
export interface Relay {
  /** What the client is to connect to. */
  readonly address: string
  /** All that were sent, also those that were lost. */
  readonly datagrams: readonly Datagram[]
}

/** A relay to the server at this address, for one client. */
export async function openRelay(
  t: TestContext,
  address: string,
  path: Path = () => 'passes',
): Promise<Relay> {
  const { udp, sctp } = portsOf(address)
  const front = await bound(t)
  const back = await bound(t)
  const datagrams: Datagram[] = []
  const timers = new Set<NodeJS.Timeout>()
  t.after(() => timers.forEach(clearTimeout))
  const carry = (fromServer: boolean, payload: Uint8Array, send: () => void): void => {
    const fate = path(payload, datagrams.length)
    datagrams.push({ fromServer, payload })
    if (fate === 'is lost') return
    if (fate === 'is late') timers.add(setTimeout(send, LATE_MS))
    else send()
    if (fate === 'comes twice') send()
  }
  let client = 0
  front.on('message', (payload, { port }) => {
    client = port
    carry(false, payload, () => back.send(payload, udp, '127.0.0.1'))
  })
  back.on('message', payload => carry(true, payload, () => front.send(payload, client, '127.0.0.1')))
  const { protocol } = new URL(address)
  return { address: addressOf({ udp: front.address().port, sctp }, protocol), datagrams }
}

async function bound(t: TestContext): Promise<Socket> {
  const socket = createSocket('udp4')
  t.after(() => {
    socket.close()
  })
  // A datagram too large for the way, or a port that is gone: lost, as on any network.
  socket.on('error', () => {})
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  socket.setRecvBufferSize(4 * 1024 * 1024)
  return socket
}
