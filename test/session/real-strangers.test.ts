import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { type ConnectError, connect, listen, type Retry } from '../../src/index.ts'
import { certificates } from '../support/certificates.ts'
import { receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { dtlsSctp, freshPath, type Medium, tcp, tls, unix } from '../support/media.ts'
import { openListener } from '../support/pairs.ts'
import { rawServer } from '../support/raw-peers.ts'
import { within } from '../support/waiting.ts'
import { openCutPair } from './cut-pair.ts'
import { CUTTABLE } from './cutting-path.ts'

/** What a REJECT with this code looks like, without counters. */
function reject(code: number): Uint8Array {
  const bytes = new Uint8Array(28)
  bytes.set([0, 0, 0, 24, 0, 2, 0, 3, 0, code])
  return bytes
}

const UNKNOWN = reject(2)
const HTTP = Buffer.from('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n')

/** handshake_failure, bad_certificate, unknown_ca, protocol_version, access_denied, no_application_protocol. */
const ALERTS = [40, 42, 48, 70, 49, 120].map(code => Uint8Array.of(0x15, 3, 3, 0, 2, 2, code))

/** A program that answers whatever it is told by these bytes, on TCP. */
async function answering(t: TestContext, scheme: string, bytes: Uint8Array): Promise<string> {
  const { port } = await rawServer(t, socket => answer(socket, bytes))
  return `${scheme}//127.0.0.1:${port}`
}

function answer(socket: Socket, bytes: Uint8Array): void {
  socket.once('data', () => socket.end(bytes)).resume()
}

async function answeringOnUnix(t: TestContext, bytes: Uint8Array): Promise<string> {
  const path = freshPath()
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    answer(socket, bytes)
  })
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  server.listen(path)
  await once(server, 'listening')
  return `unix://${path}`
}

/** An address at which nobody listens any more. */
async function deserted(medium: Medium): Promise<string> {
  const listener = await listen(medium.freshAddress(), medium.listenOptions)
  await listener.close()
  return listener.address
}

/** A listener of ours that has never had the session. */
async function other(t: TestContext, medium: Medium, session?: true): Promise<string> {
  return (await openListener(t, medium, { session })).address
}

/** The errors that a session's tries meet at these addresses, one after the other, before it goes on. */
async function errorsOnTheWay(
  t: TestContext,
  medium: Medium,
  strangers: readonly string[],
): Promise<ConnectError[]> {
  const errors: ConnectError[] = []
  let home = ''
  const beforeRetry = ({ attempt, error }: Retry): { address: string } => {
    if (attempt > 1) errors.push(error as ConnectError)
    return { address: strangers[attempt - 1] ?? home }
  }
  const { client, server, path } = await openCutPair(t, medium, { client: { beforeRetry } })
  home = path.address
  await sendNumbered(client.writer, 3)
  path.cutAll()
  await receiveNumbered(server.reader, 3)
  await sendNumbered(client.writer, 3, 16, 3)
  await receiveNumbered(server.reader, 3, 16, 3)
  await within(Promise.all([client.close(), server.close()]))
  assert.equal(errors.length, strangers.length)
  return errors
}

const codesOf = (errors: readonly ConnectError[]): string[] => errors.map(({ code }) => code)

/** Listeners on tls or dtls-sctp whose certificates a client does not take. */
async function foreigners(t: TestContext, medium: Medium): Promise<string[]> {
  const { otherLocalhost, wrongName, expired } = certificates
  const addresses: string[] = []
  for (const identity of [otherLocalhost, wrongName, expired]) {
    const listener = await openListener(t, { ...medium, listenOptions: { tls: identity } }, { session: true })
    addresses.push(listener.address)
  }
  return addresses
}

describe('a session whose client meets strangers while it tries to connect again', () => {
  failOnLeaks(8000)

  for (const [scheme, medium] of Object.entries(CUTTABLE)) {
    it(`goes on over ${scheme} behind a listener without it, one without sessions, and nobody`, async t => {
      const strangers = [await other(t, medium, true), await other(t, medium), await deserted(medium)]
      const [first] = await errorsOnTheWay(t, medium, strangers)
      assert.equal(first!.code, 'SESSION_REFUSED')
    })

    it(`is lost on ${scheme} by three answers in a row of a listener without it`, async t => {
      const stranger = await other(t, medium, true)
      let tries = 0
      const beforeRetry = ({ attempt }: Retry): { address: string } => {
        tries = attempt
        return { address: stranger }
      }
      const { client, path } = await openCutPair(t, medium, { client: { beforeRetry } })
      path.cutAll()
      const error = await failure(client.closed, 'SESSION_LOST')
      assert.equal((error.cause as ConnectError).code, 'SESSION_REFUSED')
      assert.equal(tries, 3)
    })
  }

  for (const [scheme, medium] of Object.entries({ tls, 'dtls-sctp': dtlsSctp })) {
    it(`goes on over ${scheme} behind foreign, wrong and expired certificates`, async t => {
      const errors = await errorsOnTheWay(t, medium, await foreigners(t, medium))
      assert.deepEqual(codesOf(errors), Array(3).fill('CERTIFICATE_REJECTED'))
    })

    it(`does not begin on ${scheme} with a foreign certificate, and is told so at once`, async t => {
      const [address] = await foreigners(t, medium)
      await failure(connect(address!, { ...medium.connectOptions, session: true }), 'CERTIFICATE_REJECTED')
    })
  }

  it('goes on over tls behind every plaintext alert, and behind an answer in HTTP', async t => {
    const strangers: string[] = []
    for (const bytes of [...ALERTS, HTTP]) strangers.push(await answering(t, 'tls:', bytes))
    const errors = await errorsOnTheWay(t, tls, strangers)
    const codes = new Set(codesOf(errors))
    assert(codes.has('CERTIFICATE_REJECTED') && codes.has('HANDSHAKE_FAILED'), [...codes].join())
  })

  it('goes on over tcp and unix behind answers in HTTP, and refusals of listeners that do not know it', async t => {
    // FULL and UNSUPPORTED are nothing that its own listener would say.
    const answers = [HTTP, UNKNOWN, reject(4)]
    const overTcp: string[] = []
    const overUnix: string[] = []
    for (const bytes of answers) {
      overTcp.push(await answering(t, 'tcp:', bytes))
      overUnix.push(await answeringOnUnix(t, bytes))
    }
    const expected = ['VERSION_UNSUPPORTED', 'SESSION_REFUSED', 'SESSION_REFUSED']
    assert.deepEqual(codesOf(await errorsOnTheWay(t, tcp, overTcp)), expected)
    assert.deepEqual(codesOf(await errorsOnTheWay(t, unix, overUnix)), expected)
  })

  it('is lost at once by an answer of its own listener', async t => {
    for (const code of [3, 5]) {
      const address = await answering(t, 'tcp:', reject(code))
      const beforeRetry = () => ({ address })
      const { client, path } = await openCutPair(t, tcp, { client: { beforeRetry } })
      path.cutAll()
      const error = await failure(client.closed, 'SESSION_LOST')
      assert.equal((error.cause as ConnectError).code, 'SESSION_REFUSED')
    }
  })

  it('is lost at once by what only its user can change', async t => {
    const redirects = {
      INVALID_ADDRESS: { address: 'nowhere://127.0.0.1:1' },
      INVALID_OPTION: { tls: { ca: 'no certificate' } },
    } as const
    for (const [code, redirect] of Object.entries(redirects)) {
      const attempts: number[] = []
      const beforeRetry = ({ attempt }: Retry) => {
        attempts.push(attempt)
        return redirect
      }
      const { client, path } = await openCutPair(t, tls, { client: { beforeRetry } })
      path.cutAll()
      const error = await failure(client.closed, 'SESSION_LOST')
      assert.equal((error.cause as ConnectError).code, code)
      assert.deepEqual(attempts, [1])
    }
  })

  it('goes on when beforeRetry fails with an error that would be final in a try of its own', async t => {
    const beforeRetry = async ({ attempt }: Retry): Promise<undefined> => {
      if (attempt === 1) await connect('nowhere://127.0.0.1:1')
    }
    const { client, server, path } = await openCutPair(t, tcp, { client: { beforeRetry } })
    path.cutAll()
    await sendNumbered(client.writer, 3)
    await receiveNumbered(server.reader, 3)
    await within(Promise.all([client.close(), server.close()]))
  })
})
