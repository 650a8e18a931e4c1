import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { it } from 'node:test'
import type { ConnectionSettings } from '../../src/options.ts'
import { EventReads } from '../../src/transport/socket-reads.ts'
import { SocketStream } from '../../src/transport/socket-stream.ts'

it('says of a write that it is done only while there is a socket that could have taken it', async t => {
  const server = createServer(peer => peer.resume().on('error', () => {})).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  const addresses = { localAddress: 'tcp://near:1', remoteAddress: 'tcp://far:1' }
  const manners = { reset: () => socket.destroy(), onEnd: () => {} }
  const stream = new SocketStream(new EventReads(socket), addresses, {} as ConnectionSettings, manners)
  const closed = new Promise(resolve => {
    stream.open({
      onData: () => {},
      room: () => undefined,
      onEnd: () => {},
      onWritten: () => assert.fail('nothing that was left to be written was written'),
      onFinish: () => {},
      onClose: resolve,
    })
  })
  assert.equal(stream.write([Uint8Array.of(1)], 1), true)
  socket.destroy()
  assert.equal(stream.write([Uint8Array.of(2)], 1), false)
  assert.equal(((await closed) as { code?: string }).code, 'CONNECTION_RESET')
})
