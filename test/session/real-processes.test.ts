import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Connection, connect, SessionLostError } from '../../src/index.ts'
import { assertNumbered, numbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { until, within } from '../support/waiting.ts'
import { CUTTABLE } from './cutting-path.ts'
import { PeerProcess } from './programs/peer-process.ts'

/** Datagrams that are confirmed, and that are sent behind them. */
const [CONFIRMED, MORE] = [20, 12]

const QUICK = { silenceTimeoutMs: 300, retryDelayMs: 5, retryDelayMaxMs: 50 }

/** The other end's user consumes what is to be confirmed, takes one more and asks for nothing behind that. */
async function sendHalfConfirmed({ writer }: Connection, peer: PeerProcess): Promise<void> {
  peer.take(CONFIRMED + 1)
  await sendNumbered(writer, CONFIRMED)
  await within(writer.flush(), 'flush')
  await sendNumbered(writer, MORE, 16, CONFIRMED)
  await peer.hasTaken(CONFIRMED + 1)
}

/** The datagrams of the error are those from `from` up to `to`, which is not among them. */
function assertUnconfirmed(error: Error, from: number, to: number): void {
  assert(error instanceof SessionLostError)
  assert.equal(error.unconfirmed.length, to - from)
  for (const [i, datagram] of error.unconfirmed.entries()) assertNumbered(datagram, from + i)
}

describe('a session whose other process is killed', () => {
  failOnLeaks(8000)

  for (const [scheme, medium] of Object.entries(CUTTABLE)) {
    it(`shows the client on ${scheme} exactly what the server has not consumed, once that is restarted`, async t => {
      const first = await PeerProcess.listening(t, medium.freshAddress())
      const client = await openClient(t, medium, first.address, { session: QUICK })
      await sendHalfConfirmed(client, first)
      await first.kill()
      const second = await PeerProcess.listening(t, first.address)
      const error = await failure(client.closed, 'SESSION_LOST')
      assertUnconfirmed(error, CONFIRMED, CONFIRMED + MORE)
      assert.equal((error.cause as { code?: string }).code, 'SESSION_REFUSED')
      // Nothing goes into another session by itself.
      const next = await openClient(t, medium, first.address, { session: QUICK })
      second.take(1)
      await next.writer.send(numbered(7))
      await second.hasTaken(1)
      assert.deepEqual(second.recipients, [7])
    })

    it(`shows the server on ${scheme} exactly what the client has not consumed, once retention is over`, async t => {
      const session = { silenceTimeoutMs: 300, retentionMs: 300 }
      const listener = await openListener(t, medium, { session })
      const accepted = acceptOne(t, listener)
      const peer = new PeerProcess(t, 'connect', listener.address)
      const server = await accepted
      await sendHalfConfirmed(server, peer)
      await peer.kill()
      const error = await failure(server.closed, 'SESSION_LOST')
      assertUnconfirmed(error, CONFIRMED, CONFIRMED + MORE)
    })
  }

  it('is lost with all that was not consumed, and nothing that was confirmed, in full flow', async t => {
    const peer = await PeerProcess.listening(t, 'tcp://127.0.0.1:0')
    const client = await connect(peer.address, { session: QUICK })
    t.after(() => client.abort())
    peer.take(1_000_000)
    let [sent, confirmed] = [0, 0]
    const sending = (async () => {
      for (;;) {
        await client.writer.send(numbered(sent))
        sent++
      }
    })()
    const flushing = (async () => {
      for (;;) {
        const until = sent
        await client.writer.flush()
        confirmed = until
      }
    })()
    await until(() => confirmed > 2000, 'messages are confirmed')
    await peer.kill()
    await PeerProcess.listening(t, peer.address)
    const error = await failure(client.closed, 'SESSION_LOST')
    for (const each of [sending, flushing]) await failure(each, 'SESSION_LOST')
    assert(error instanceof SessionLostError)
    const first = sent - error.unconfirmed.length
    assertUnconfirmed(error, first, sent)
    assert(first >= confirmed, `${first} is listed, and ${confirmed} were confirmed`)
    assert(first <= peer.taken, `${peer.taken} were taken, and those from ${first} on are listed`)
  })
})
