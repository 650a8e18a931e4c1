import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { ConnectDatagram, connect, listen } from '../../src/index.ts'
import { dtlsSctp } from '../support/media.ts'

const FRAME_BYTES = 65_536
const FRAMES = 20

/** A way to a port of 127.0.0.1, for one client, on which longer datagrams are lost. */
async function narrowWay(t: TestContext, port: number, largestBytes: number): Promise<number> {
  const [front, back] = [await bound(t), await bound(t)]
  let client = 0
  front.on('message', (datagram, { port: from }) => {
    client = from
    if (datagram.length <= largestBytes) back.send(datagram, port, '127.0.0.1')
  })
  back.on('message', datagram => {
    if (datagram.length <= largestBytes) front.send(datagram, client, '127.0.0.1')
  })
  return front.address().port
}

async function bound(t: TestContext): Promise<Socket> {
  const socket = createSocket('udp4')
  t.after(() => {
    socket.close()
  })
  socket.on('error', () => {}) // a port that is gone
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

test('messages get through a way that passes no datagram above 1,200 bytes', { timeout: 30_000 }, async t => {
  await using listener = await listen('dtls-sctp://127.0.0.1:0', dtlsSctp.listenOptions)
  const port = await narrowWay(t, Number(new URL(listener.address).port), 1200)
  const client = await connect(`dtls-sctp://127.0.0.1:${port}`, dtlsSctp.connectOptions)
  t.after(() => client.abort())
  const server = (await listener.accept())!
  t.after(() => server.abort())
  const data = new Uint8Array(FRAME_BYTES).fill(7)
  const sending = async (): Promise<void> => {
    for (let i = 0; i < FRAMES; i++) await client.writer.send(new ConnectDatagram(i, data))
    await client.writer.close()
  }
  const sent = sending()
  sent.catch(() => {})
  const recipients: number[] = []
  for await (const datagram of server.reader) {
    assert.equal(datagram.byteLength, FRAME_BYTES)
    recipients.push(datagram.recipient)
  }
  await sent
  assert.deepEqual(
    recipients,
    Array.from({ length: FRAMES }, (_, i) => i),
  )
})
