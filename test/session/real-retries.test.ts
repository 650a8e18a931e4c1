import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ConnectError, connect, type Retry, SessionLostError } from '../../src/index.ts'
import { receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { tcp } from '../support/media.ts'
import { runProgram } from '../support/programs/run.ts'
import { rawServer } from '../support/raw-peers.ts'
import { until, within } from '../support/waiting.ts'
import { openCutPair } from './cut-pair.ts'

const never = (): Promise<undefined> => new Promise(() => {})

describe('connecting, and connecting again', () => {
  failOnLeaks()

  it('stops by its signal while the peer does not welcome the session', async t => {
    const { port } = await rawServer(t, socket => {
      // The HELLO is there, and there is no answer.
      socket.once('data', () => controller.abort(new Error('enough'))).resume()
    })
    const controller = new AbortController()
    const { signal } = controller
    const error = await failure(connect(`tcp://127.0.0.1:${port}`, { session: true, signal }), 'ABORTED')
    assert.equal((error.cause as Error).message, 'enough')
  })

  it('does not begin with a signal that has fired', async t => {
    let connections = 0
    const { port } = await rawServer(t, () => connections++)
    const signal = AbortSignal.abort()
    await failure(connect(`tcp://127.0.0.1:${port}`, { session: true, signal }), 'ABORTED')
    assert.equal(connections, 0)
  })

  it('takes a beforeRetry that throws for a try that has failed', async t => {
    const retries: Retry[] = []
    const beforeRetry = (retry: Retry): undefined => {
      retries.push(retry)
      if (retries.length < 3) throw new Error(`no ${retries.length}`)
    }
    const { client, server, path } = await openCutPair(t, tcp, { client: { beforeRetry } })
    path.cutAll()
    await sendNumbered(client.writer, 3)
    await receiveNumbered(server.reader, 3)
    assert.deepEqual(
      retries.map(({ attempt }) => attempt),
      [1, 2, 3],
    )
    const causes = retries.map(({ error }) => (error.cause as Error | undefined)?.message)
    assert.deepEqual(causes.slice(1), ['no 1', 'no 2'])
    await within(Promise.all([client.close(), server.close()]))
  })

  it('is lost in time with a beforeRetry that always throws, which is the cause', async t => {
    const beforeRetry = (): never => {
      throw new Error('no way')
    }
    const server = { retentionMs: 200 }
    const pair = await openCutPair(t, tcp, { client: { beforeRetry, retryForMs: 100 }, server })
    await sendNumbered(pair.client.writer, 2)
    pair.path.cutAll()
    const error = await failure(pair.client.closed, 'SESSION_LOST')
    assert(error instanceof SessionLostError)
    assert.equal(error.unconfirmed.length, 2)
    assert.match((error.cause as Error).message, /no way/)
    await failure(pair.server.closed, 'SESSION_LOST')
  })

  it('is lost in time with a beforeRetry that never ends, whose signal fires', async t => {
    const signals: AbortSignal[] = []
    const beforeRetry = ({ signal }: Retry): Promise<undefined> => {
      signals.push(signal)
      return never()
    }
    const { client, path } = await openCutPair(t, tcp, { client: { beforeRetry, retryForMs: 100 } })
    path.cutAll()
    const error = await failure(client.closed, 'SESSION_LOST')
    assert.equal((error.cause as ConnectError).code, 'CONNECT_FAILED')
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true],
    )
  })

  it('ends by abort() while beforeRetry waits for its signal', async t => {
    let waiting: AbortSignal | undefined
    const beforeRetry = ({ signal }: Retry): Promise<undefined> => {
      waiting = signal
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const { client, path } = await openCutPair(t, tcp, { client: { beforeRetry } })
    path.cutAll()
    await until(() => waiting !== undefined, 'beforeRetry is called')
    client.abort()
    await failure(client.closed, 'ABORTED')
    assert.equal(waiting!.aborted, true)
    assert.equal(client.session!.state, 'lost')
  })

  it('lets the process end after abort(), wherever the tries are', async () => {
    const states = await runProgram('../../session/programs/abort-detached')
    assert.deepEqual(states, { pausing: 'lost', asking: 'lost', connecting: 'lost' })
  })
})
