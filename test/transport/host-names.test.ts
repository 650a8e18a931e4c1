import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, type TestContext, test } from 'node:test'
import { type ConnectOptions, connect, listen } from '../../src/index.ts'
import { resolveConnectOptions } from '../../src/options.ts'
import { parseAddress } from '../../src/transport/address.ts'
import type { ByteStream } from '../../src/transport/byte-stream.ts'
import * as dtlsSctp from '../../src/transport/dtls-sctp.ts'
import type { Lookup } from '../../src/transport/host-lookup.ts'
import * as sctp from '../../src/transport/sctp.ts'
import * as tcp from '../../src/transport/tcp.ts'
import * as tls from '../../src/transport/tls.ts'
import { certificates } from '../support/certificates.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { media } from '../support/media.ts'
import { openListener } from '../support/pairs.ts'
import { rawServer } from '../support/raw-peers.ts'
import { within } from '../support/waiting.ts'

failOnLeaks(10_000)

const { uncommonNames } = certificates
const transports = { tcp, tls, sctp, 'dtls-sctp': dtlsSctp }
type Name = keyof typeof transports

/** Every name is this machine's; notes what was asked for. */
function lookupHere(): Lookup & { readonly asked: string[] } {
  const asked: string[] = []
  const lookup = async (host: string) => {
    asked.push(host)
    return [{ address: '127.0.0.1', family: 4 }]
  }
  return Object.assign(lookup, { asked })
}

function dial(
  name: Name,
  address: string,
  lookup: Lookup,
  options: ConnectOptions = {},
): Promise<ByteStream> {
  return within(transports[name].dial(parseAddress(address), resolveConnectOptions(options), lookup))
}

function listener(t: TestContext, name: Name) {
  const secure = name === 'tls' || name === 'dtls-sctp'
  return openListener(t, media[name]!, secure ? { tls: uncommonNames } : {})
}

/** Dials the listener by another host; the connection must come up. */
async function comesUp(
  t: TestContext,
  name: Name,
  host: string,
  options?: ConnectOptions,
): Promise<string[]> {
  const lookup = lookupHere()
  const listening = await listener(t, name)
  const { address } = listening
  const accepted = listening.accept()
  const stream = await dial(name, address.replace('127.0.0.1', host), lookup, options)
  const nothing = (): void => {}
  const room = (): undefined => undefined
  stream.open({
    onData: nothing,
    room,
    onEnd: nothing,
    onWritten: nothing,
    onSpoilt: nothing,
    onFinish: nothing,
    onClose: nothing,
  })
  const server = await within(accepted)
  stream.reset(false)
  server?.abort()
  return lookup.asked
}

for (const name of ['tcp', 'tls', 'sctp', 'dtls-sctp'] as const) {
  const secure = name === 'tls' || name === 'dtls-sctp'
  const options = secure ? { tls: { ca: uncommonNames.cert } } : {}

  describe(`a host name with other letters, on ${name}`, () => {
    for (const host of ['bücher.test', 'BÜCHER.test', 'b%C3%BCcher.test', 'xn--bcher-kva.test']) {
      test(`is looked up${secure ? ' and checked' : ''} in its ASCII form: ${host}`, async t => {
        const [asked] = await comesUp(t, name, host, options)
        assert.equal(asked?.toLowerCase(), 'xn--bcher-kva.test')
      })
    }

    for (const host of ['ü.xn--a', 'a\u00ad\u00ad@ü', '\u00ad', 'ü%2Fx', 'ü%25']) {
      test(`is INVALID_ADDRESS where it has none: ${JSON.stringify(host)}`, async () => {
        await failure(connect(`${name}://${host}:1`, options), 'INVALID_ADDRESS')
        const listenOptions = secure ? { tls: uncommonNames } : {}
        await failure(listen(`${name}://${host}:0`, listenOptions), 'INVALID_ADDRESS')
      })
    }
  })
}

test('a name of memory: is no host, and stays as it is', async () => {
  const listener = await listen('memory://bücher')
  assert.equal(listener.address, 'memory://b%C3%BCcher')
  const connection = await connect('memory://bücher')
  connection.abort()
  await listener.close()
})

/** The first bytes that come to a port: those of a ClientHello. */
async function clientHello(
  t: TestContext,
  name: 'tls' | 'dtls-sctp',
  host: string,
  tls: object,
): Promise<string> {
  const controller = new AbortController()
  let port: number
  let bytes: Promise<Buffer>
  if (name === 'tls') {
    let onBytes: (chunk: Buffer) => void = () => {}
    bytes = new Promise(resolve => (onBytes = resolve))
    ;({ port } = await rawServer(t, socket => socket.on('data', onBytes).resume()))
  } else {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    t.after(() => socket.close())
    ;({ port } = socket.address())
    bytes = once(socket, 'message').then(([datagram]) => datagram)
  }
  const options = { tls: { ca: certificates.ca, ...tls }, signal: controller.signal }
  const dialling = failure(dial(name, `${name}://${host}:${port}`, lookupHere(), options), 'ABORTED')
  const hello = (await within(bytes)).toString('latin1')
  controller.abort()
  await dialling
  return hello
}

for (const name of ['tls', 'dtls-sctp'] as const) {
  const scheme = `on ${name}`
  const ca = uncommonNames.cert

  describe(`the name that is sent as SNI, ${scheme}`, () => {
    for (const [what, host, options, sent] of [
      ['is the host in its ASCII form', 'bücher.test', {}, 'xn--bcher-kva.test'],
      ['is serverName in its ASCII form', 'a.test', { serverName: 'bücher.test' }, 'xn--bcher-kva.test'],
      ['has no dot at its end', 'plain.test.', {}, 'plain.test'],
    ] as const) {
      test(what, async t => {
        const hello = await clientHello(t, name, host, options)
        // Its length comes before it (RFC 6066, section 3).
        const length = String.fromCharCode(0, sent.length)
        assert(hello.includes(length + sent), JSON.stringify(hello))
      })
    }

    test('is none for an address with a zone', async t => {
      const hello = await clientHello(t, name, '[fe80::1%lo]', {})
      assert(!hello.includes('fe80'))
    })
  })

  describe(`the zone of an IPv6 address, ${scheme}`, () => {
    test('is looked up with it, and is no part of the name in the certificate', async t => {
      assert.deepEqual(await comesUp(t, name, '[fe80::1%eth0]', { tls: { ca } }), ['fe80::1%eth0'])
    })

    test('is no part of the name in serverName either', async t => {
      await comesUp(t, name, 'a.test', { tls: { ca, serverName: 'fe80::1%eth0' } })
    })

    test('does not make another address right', async t => {
      const { address } = await listener(t, name)
      const tls = { ca, serverName: 'fe80::2%eth0' }
      await failure(connect(address, { tls }), 'CERTIFICATE_REJECTED')
    })
  })

  for (const serverName of [
    'a b',
    'a\0b',
    'ü/x',
    'host%eth0',
    '[::1]',
    '.',
    '\u00ad',
    `${'a.'.repeat(127)}b`,
  ]) {
    test(`serverName ${JSON.stringify(serverName.slice(0, 20))} is INVALID_OPTION, ${scheme}`, async () => {
      const error = await failure(
        connect(`${name}://127.0.0.1:1`, { tls: { ca, serverName } }),
        'INVALID_OPTION',
      )
      assert.match(error.message, /tls\.serverName/)
    })
  }
}
