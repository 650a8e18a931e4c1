import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { ConnectOptions, Listener } from '../../src/index.ts'
import { resolveConnectOptions, resolveListenOptions } from '../../src/options.ts'
import { parseAddress } from '../../src/transport/address.ts'
import type { ByteStream, ByteStreamListenerSink } from '../../src/transport/byte-stream.ts'
import * as dtlsSctp from '../../src/transport/dtls-sctp.ts'
import type { HostAddress, Lookup } from '../../src/transport/host-lookup.ts'
import * as sctp from '../../src/transport/sctp.ts'
import * as tcp from '../../src/transport/tcp.ts'
import * as tls from '../../src/transport/tls.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { type Medium, media } from '../support/media.ts'
import { acceptOne, openListener } from '../support/pairs.ts'
import { silentTcpPort, silentUdpPort, udpRelay } from '../support/silent-addresses.ts'
import { pends, until, within } from '../support/waiting.ts'

// A SCTP socket stays for three seconds to answer a peer that has missed the farewell.
failOnLeaks(10_000)

/** Why a test is skipped: said aloud at the end of a run. */
const NO_FULL_BACKLOG = 'NOT RUN: this system never lets a backlog be full'

const transports = { tcp, tls, sctp, 'dtls-sctp': dtlsSctp }
type Name = keyof typeof transports
const names = Object.keys(transports) as Name[]

const NOBODY = '127.0.0.9'
const SILENT = '127.0.0.2'
const LISTENING = '127.0.0.1'

const none: ByteStreamListenerSink = { onStream() {}, onRejected() {} }

const addressesOf = (list: readonly string[]): HostAddress[] =>
  list.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))

/** A name with these addresses. */
const resolvingTo =
  (...list: string[]): Lookup =>
  async () =>
    addressesOf(list)

/** A look-up that never ends, and how often it was asked for. */
function endless(): Lookup & { asked: number } {
  const lookup = Object.assign(
    () => {
      lookup.asked++
      return new Promise<never>(() => {})
    },
    { asked: 0 },
  )
  return lookup
}

/** The same address with a name in place of the host. */
const named = (address: string): string => address.replace(/(\/\/)[^:?]+/, '$1peer.test')

function dial(
  name: Name,
  address: string,
  lookup: Lookup,
  options: ConnectOptions = {},
): Promise<ByteStream> {
  const { tls: common } = media[name]!.connectOptions
  const settings = resolveConnectOptions({
    ...options,
    ...(common && { tls: { ...common, serverName: 'localhost' } }),
  })
  return within(transports[name].dial(parseAddress(named(address)), settings, lookup))
}

const udpPortOf = (address: string): number => Number(/udp=(\d+)/.exec(address)?.[1] ?? new URL(address).port)

const udpSockets = (): number => process.getActiveResourcesInfo().filter(kind => kind === 'UDPWrap').length

/** A port of another address that takes all and says nothing. */
async function silence(t: TestContext, name: Name, address: string): Promise<boolean> {
  if (name === 'sctp' || name === 'dtls-sctp') await silentUdpPort(t, SILENT, udpPortOf(address))
  else {
    const silent = await silentTcpPort(t.signal, SILENT, Number(new URL(address).port))
    if (silent === undefined) return false
    t.after(silent.free)
  }
  return true
}

/** Ends a stream that a test is done with. */
function close(stream: ByteStream): void {
  stream.open({
    onData() {},
    room: () => undefined,
    onEnd() {},
    onWritten() {},
    onSpoilt() {},
    onFinish() {},
    onClose() {},
  })
  stream.reset(false)
}

/** Dials, and sees that exactly one connection has come to the listener. */
async function dialled(
  t: TestContext,
  name: Name,
  listener: Listener,
  lookup: Lookup,
  options?: ConnectOptions,
): Promise<void> {
  const accepted = acceptOne(t, listener)
  const stream = await dial(name, listener.address, lookup, options)
  t.after(() => close(stream))
  await accepted
  assert(await pends(listener.accept(), 100), 'another connection has come')
}

const open = (t: TestContext, name: Name): Promise<Listener> => openListener(t, media[name] as Medium)

for (const name of names) {
  describe(`a name with several addresses, on ${name}`, () => {
    test('is reached at the second where the first does not answer', async t => {
      const listener = await open(t, name)
      if (!(await silence(t, name, listener.address))) return t.skip(NO_FULL_BACKLOG)
      await dialled(t, name, listener, resolvingTo(SILENT, LISTENING))
    })

    test('is reached at the second where nobody is at the first', async t => {
      const listener = await open(t, name)
      await dialled(t, name, listener, resolvingTo(NOBODY, '::1', LISTENING))
    })

    test('where nobody is at any fails with what each has said', async t => {
      const listener = await open(t, name)
      await listener.close()
      const dialling = dial(name, listener.address, resolvingTo(NOBODY, LISTENING))
      const error = await failure(dialling, 'CONNECT_FAILED')
      assert.match(error.message, /none of 2 addresses.*127\.0\.0\.9: .*REFUSED.*127\.0\.0\.1: .*REFUSED/)
      assert.equal((error.cause as AggregateError).errors.length, 2)
      const code = name === 'sctp' ? 'CONNECTION_RESET' : 'ECONNREFUSED'
      assert.equal((error.cause as NodeJS.ErrnoException).code, code)
    })

    test('where nobody answers is given up after connectTimeoutMs, which says so of each', async t => {
      const listener = await open(t, name)
      if (!(await silence(t, name, listener.address))) return t.skip(NO_FULL_BACKLOG)
      const before = udpSockets()
      const dialling = dial(name, listener.address, resolvingTo(NOBODY, SILENT), { connectTimeoutMs: 300 })
      const error = await failure(dialling, 'CONNECT_TIMEOUT')
      await until(() => udpSockets() <= before, 'the sockets of the attempts are closed')
      assert.match(error.message, /300 ms \(127\.0\.0\.9: .*REFUSED.*; 127\.0\.0\.2: no answer\)/)
    })

    test('is given up by a signal, all addresses at once', async t => {
      const listener = await open(t, name)
      if (!(await silence(t, name, listener.address))) return t.skip(NO_FULL_BACKLOG)
      const controller = new AbortController()
      const options = { signal: controller.signal }
      const dialling = dial(name, listener.address, resolvingTo(SILENT, SILENT, NOBODY), options)
      setTimeout(() => controller.abort(), 20)
      await failure(dialling, 'ABORTED')
    })
  })

  describe(`a look-up that never ends, on ${name}`, () => {
    test('counts for connectTimeoutMs', async () => {
      const lookup = endless()
      const error = await failure(
        dial(name, `${name}://x:1`, lookup, { connectTimeoutMs: 50 }),
        'CONNECT_TIMEOUT',
      )
      assert.match(error.message, /50 ms \(peer\.test is still being looked up\)/)
      assert.equal(lookup.asked, 1)
    })

    test('is given up by the signal of connect', async () => {
      const controller = new AbortController()
      const dialling = dial(name, `${name}://x:1`, endless(), { signal: controller.signal })
      controller.abort()
      await failure(dialling, 'ABORTED')
    })

    test('is given up by the signal of listen', async () => {
      const controller = new AbortController()
      const lookup = endless()
      const binding = bind(name, lookup, controller.signal)
      await until(() => lookup.asked === 1, 'looks the name up')
      controller.abort()
      await failure(binding, 'ABORTED')
    })
  })

  test(`a look-up that answers after the signal of connect fired connects to nothing, on ${name}`, async t => {
    const listener = await open(t, name)
    let answer: (addresses: HostAddress[]) => void = () => {}
    const lookup: Lookup = () => new Promise(resolve => (answer = resolve))
    const controller = new AbortController()
    const dialling = dial(name, listener.address, lookup, { signal: controller.signal })
    setTimeout(() => controller.abort(), 5)
    await failure(dialling, 'ABORTED')
    answer(addressesOf([LISTENING]))
    assert(await pends(listener.accept(), 100), 'it has connected')
  })

  test(`a signal that fires before the socket is there connects to nothing, on ${name}`, async t => {
    const listener = await open(t, name)
    const controller = new AbortController()
    const lookup: Lookup = async () => {
      void soon(5).then(() => controller.abort())
      return addressesOf([LISTENING])
    }
    await failure(dial(name, listener.address, lookup, { signal: controller.signal }), 'ABORTED')
    assert(await pends(listener.accept(), 100), 'it has connected')
  })

  test(`a look-up that answers after the signal of listen fired binds nothing, on ${name}`, async () => {
    let answer: (addresses: HostAddress[]) => void = () => {}
    const lookup: Lookup = () => new Promise(resolve => (answer = resolve))
    const controller = new AbortController()
    const binding = bind(name, lookup, controller.signal)
    setTimeout(() => controller.abort(), 5)
    await failure(binding, 'ABORTED')
    // What were bound now would be found open in the end.
    answer(addressesOf([LISTENING]))
    await new Promise(resolve => setTimeout(resolve, 20))
  })

  test(`a look-up that fails, or finds nothing, is CONNECT_FAILED, on ${name}`, async () => {
    const cause = new Error('no such name')
    const address = `${name}://x:1`
    const error = await failure(
      dial(name, address, () => Promise.reject(cause)),
      'CONNECT_FAILED',
    )
    assert.equal(error.cause, cause)
    assert.match((await failure(dial(name, address, resolvingTo()), 'CONNECT_FAILED')).message, /no address/)
  })

  test(`a look-up that fails is LISTEN_FAILED at a listener, on ${name}`, async () => {
    const cause = new Error('no such name')
    const error = await failure(
      bind(name, () => Promise.reject(cause)),
      'LISTEN_FAILED',
    )
    assert.equal(error.cause, cause)
  })
}

/** After so many steps of promises: before any event. */
async function soon(steps: number): Promise<void> {
  for (let i = 0; i < steps; i++) await undefined
}

function bind(name: Name, lookup: Lookup, signal?: AbortSignal): Promise<unknown> {
  const settings = resolveListenOptions({ ...media[name]!.listenOptions, ...(signal && { signal }) })
  const address = name === 'sctp' ? 'sctp://peer.test:0?udp=0' : `${name}://peer.test:0`
  return transports[name].bind(parseAddress(address), settings, none, lookup)
}

describe('an address that answers late, beside one that never does', () => {
  for (const name of ['tcp', 'tls'] as const) {
    test(`wins on ${name}, though it takes longer than the others are waited for`, async t => {
      const late = await silentTcpPort(t.signal, LISTENING)
      if (late === undefined) return t.skip(NO_FULL_BACKLOG)
      t.after(late.free)
      const silent = await silentTcpPort(t.signal, SILENT, late.number)
      if (silent === undefined) return t.skip(NO_FULL_BACKLOG)
      t.after(silent.free)
      setTimeout(late.wake, 600)
      const dialling = dial(name, `${name}://x:${late.number}`, resolvingTo(LISTENING, SILENT))
      if (name === 'tcp') close(await dialling)
      // It speaks no TLS, but it was reached.
      else await failure(dialling, 'HANDSHAKE_TIMEOUT', 'HANDSHAKE_FAILED')
    })
  }

  for (const name of ['sctp', 'dtls-sctp'] as const) {
    test(`wins on ${name}, though it takes longer than the others are waited for`, async t => {
      const listener = await open(t, name)
      await udpRelay(t, SILENT, udpPortOf(listener.address), () => 200)
      await silentUdpPort(t, NOBODY, udpPortOf(listener.address))
      await dialled(t, name, listener, resolvingTo(SILENT, NOBODY))
    })
  }
})

test('an SCTP association that loses the race is aborted, not left with the server', async t => {
  const listener = await open(t, 'sctp')
  let answers = 0
  // The INIT ACK passes, the COOKIE ACK does not: the server has an association, and the client waits for it.
  const way = (_: Buffer, fromClient: boolean): number | undefined =>
    fromClient || answers++ === 0 ? 0 : undefined
  await udpRelay(t, SILENT, udpPortOf(listener.address), way)
  const lost = acceptOne(t, listener)
  const stream = await dial('sctp', listener.address, resolvingTo(SILENT, LISTENING))
  t.after(() => close(stream))
  const won = await acceptOne(t, listener)
  await failure((await lost).closed, 'CONNECTION_RESET')
  assert(await pends(won.closed))
})
