import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { connect, listen } from '../../src/index.ts'
import { receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { tcp } from '../support/media.ts'
import { acceptOne, openClient, openListener, openPair } from '../support/pairs.ts'
import { rawServer } from '../support/raw-peers.ts'
import { silentTcpPort } from '../support/silent-addresses.ts'
import { until, within } from '../support/waiting.ts'

failOnLeaks()

describe('addresses', () => {
  for (const [address, shape] of [
    ['tcp://127.0.0.1:0', /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/],
    ['tcp://[::1]:0', /^tcp:\/\/\[::1\]:[1-9]\d*$/],
    ['tcp://localhost:0', /^tcp:\/\/localhost:[1-9]\d*$/],
    ['TCP://LOCALHOST:0/', /^tcp:\/\/localhost:[1-9]\d*$/i],
    ['127.0.0.1:0', /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/],
    ['localhost:0', /^tcp:\/\/localhost:[1-9]\d*$/],
    ['[::1]:0', /^tcp:\/\/\[::1\]:[1-9]\d*$/],
  ] as const) {
    test(`${address} is listened on, with a port that was picked`, async t => {
      const listener = await openListener(t, { ...tcp, freshAddress: () => address })
      assert.match(listener.address, shape)
      for (const target of [
        listener.address,
        new URL(listener.address),
        listener.address.replace('tcp://', ''),
      ]) {
        const accepted = acceptOne(t, listener)
        const client = await within(connect(target))
        t.after(() => client.abort())
        await sendNumbered(client.writer, 1)
        await receiveNumbered((await accepted).reader, 1)
      }
    })
  }

  test('a listener on every address is reached by IPv4 and IPv6', async t => {
    const listener = await openListener(t, { ...tcp, freshAddress: () => 'tcp://[::]:0' })
    const { port } = new URL(listener.address)
    for (const host of ['127.0.0.1', '[::1]', 'localhost']) {
      const accepted = acceptOne(t, listener)
      await openClient(t, tcp, `tcp://${host}:${port}`)
      await accepted
    }
  })

  test('an IPv6 connection names its ends in brackets', async t => {
    const { client, server } = await openPair(t, { ...tcp, freshAddress: () => 'tcp://[::1]:0' })
    assert.match(client.localAddress, /^tcp:\/\/\[::1\]:\d+$/)
    assert.equal(server.remoteAddress, client.localAddress)
  })

  for (const bad of [
    '',
    'tcp://',
    'tcp://127.0.0.1',
    'tcp://:80',
    'tcp://h:99999',
    'tcp://h:1/path',
    'tcp://u@h:1',
    'tcp://h:1?x',
    'nonsense://h:1',
    'tcp://[::1:1',
  ]) {
    test(`'${bad}' is refused as an address`, async () => {
      await failure(connect(bad), 'INVALID_ADDRESS')
      await failure(listen(bad), 'INVALID_ADDRESS')
    })
  }
})

describe('connecting', () => {
  test('where nobody listens fails with CONNECT_FAILED and its cause', async t => {
    const { server, port } = await rawServer(t)
    await new Promise(resolve => server.close(resolve))
    const error = await failure(connect(`tcp://127.0.0.1:${port}`), 'CONNECT_FAILED')
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'ECONNREFUSED')
    assert.match(error.message, new RegExp(`${port}`))
    assert.match(
      (await failure(connect(`tcp://localhost:${port}`), 'CONNECT_FAILED')).message,
      /ECONNREFUSED/,
    )
  })

  test('to a name that does not exist fails with CONNECT_FAILED', async () => {
    const error = await failure(connect('tcp://does-not-exist.invalid:1'), 'CONNECT_FAILED')
    assert(error.cause instanceof Error, 'the cause is missing')
  })

  test('to a listener that never accepts, with a full backlog, ends after connectTimeoutMs or by a signal', async t => {
    const port = await silentTcpPort(t.signal)
    if (port === undefined) return t.skip('NOT RUN: no full backlog could be made on this system')
    t.after(port.free)
    const address = `tcp://127.0.0.1:${port.number}`
    const error = await failure(connect(address, { connectTimeoutMs: 100 }), 'CONNECT_TIMEOUT')
    assert.match(error.message, /100/)
    const reason = new Error('no patience')
    const controller = new AbortController()
    const connecting = connect(address, { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 30)
    assert.equal((await failure(connecting, 'ABORTED')).cause, reason)
  })
})

/** What `ss` says of the sockets of a port, or undefined if there is no `ss`. */
function socketStatus(port: string): string | undefined {
  try {
    return execFileSync('ss', ['-tnoi', `( sport = :${port} or dport = :${port} )`], { encoding: 'utf8' })
  } catch {
    return undefined
  }
}

test('keep-alive is on by default at both ends, and can be turned off', async t => {
  const { client } = await openPair(t, tcp)
  const { port } = new URL(client.remoteAddress)
  const status = socketStatus(port)
  if (status === undefined) return t.skip('NOT RUN: there is no `ss` to look at the sockets with')
  assert.equal(status.match(/timer:\(keepalive/g)?.length, 2, status)

  const off = { keepAlive: false }
  const { client: plain } = await openPair(t, tcp, { client: off, server: off })
  const without = socketStatus(new URL(plain.remoteAddress).port)!
  assert.equal(without.match(/timer:\(keepalive/g), null, without)
})

test('no-delay is on by default at both ends, and can be turned off', async t => {
  // What Node was told is the nearest thing that can be seen from outside.
  const { Socket } = await import('node:net')
  const probe = createServer()
  t.after(() => probe.close())
  const handle = Object.getPrototypeOf(
    await new Promise<object>(resolve => {
      const socket = new Socket()
      probe.listen(0, '127.0.0.1', () => {
        socket.connect((probe.address() as { port: number }).port, '127.0.0.1', () => {
          resolve((socket as unknown as { _handle: object })._handle)
          socket.destroy()
        })
      })
    }),
  ) as { setNoDelay: (on: boolean) => number }
  const told = t.mock.method(handle, 'setNoDelay')
  await openPair(t, tcp)
  await until(() => told.mock.callCount() === 2, 'both ends were told')
  assert(
    told.mock.calls.every(call => call.arguments[0] === true),
    'no-delay was turned off',
  )

  const off = { noDelay: false }
  await openPair(t, tcp, { client: off, server: off })
  assert.equal(told.mock.callCount(), 2)
})
