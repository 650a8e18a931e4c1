import { createSocket, type Socket } from 'node:dgram'
import { Arrivals, ringSize } from '../child/messages.ts'
import type { Sample } from '../figures.ts'
import type { Job, Receiving } from '../job.ts'

/** The bytes that our header adds to a message; the floor carries the same number. */
const HEADER_BYTES = 8
const BUFFER_BYTES = 4 * 1024 * 1024
/** Most that is on its way: what the receiver's socket has room for, with the kernel's overhead for small datagrams. */
const WINDOW_BYTES = 1024 * 1024
/** How often the receiver says how much has come. */
const REPORT_BYTES = 128 * 1024

/** The floor of SCTP over UDP: the same bytes in bare datagrams, without framing or a look at them, and none lost. */
export async function receive(job: Job): Promise<Receiving> {
  const arrivals = new Arrivals(job)
  const socket = await bound()
  const report = Buffer.alloc(8)
  let total = 0
  let reported = 0
  socket.on('message', (datagram, sender) => {
    total += datagram.length
    arrivals.noteBytes(total, HEADER_BYTES + job.bytes)
    if (total - reported < REPORT_BYTES) return
    reported = total
    report.writeDoubleBE(total)
    socket.send(report, sender.port, sender.address)
  })
  return { address: String(socket.address().port), figures: arrivals.figures }
}

export async function send(job: Job, address: string, begin: () => Promise<void>): Promise<Sample> {
  const socket = await bound()
  await new Promise<void>(resolve => socket.connect(Number(address), '127.0.0.1', resolve))
  const blocks = blocksOf(job)
  let arrived = 0
  let wake = (): void => {}
  socket.on('message', report => {
    arrived = report.readDoubleBE()
    wake()
  })
  await begin()
  const total = (job.warmUp + job.count) * (HEADER_BYTES + job.bytes)
  let sent = 0
  for (let i = 0; sent < total; i++) {
    const block = blocks[i % blocks.length]!
    while (sent + block.length - arrived > WINDOW_BYTES) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
    socket.send(block)
    sent += block.length
  }
  return {}
}

/** What is sent in turns: as much memory as the messages of the other peers take. */
function blocksOf(job: Job): Uint8Array[] {
  const byteLength = job.packetBytes!
  const count = Math.ceil((ringSize(job) * job.bytes) / byteLength)
  return Array.from({ length: count }, (_, place) => new Uint8Array(byteLength).fill(place))
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  socket.setRecvBufferSize(BUFFER_BYTES)
  socket.setSendBufferSize(BUFFER_BYTES)
  return socket
}
