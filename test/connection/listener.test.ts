import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StreamListener } from '../../src/connection/listener.ts'
import { ConnectError } from '../../src/errors.ts'
import { resolveListenOptions } from '../../src/options.ts'
import { assertAgain } from '../support/errors.ts'
import { datagram, wire } from './support/datagrams.ts'
import { ScriptedStream } from './support/scripted-stream.ts'
import { SimulatedPlatform } from './support/simulated-platform.ts'
import { settle, states, watch } from './support/watch.ts'

const broken = new ConnectError('CONNECTION_RESET', 'broken')

function listenerOf(): { listener: StreamListener; rejected: ConnectError[] } {
  const rejected: ConnectError[] = []
  const settings = resolveListenOptions({ onRejected: error => rejected.push(error) })
  const listener = new StreamListener(settings, new SimulatedPlatform())
  listener.attach({ address: 'script://here', close: async () => {} })
  return { listener, rejected }
}

describe('a connection that nobody has accepted yet', () => {
  it('is not handed out once it has failed; onRejected is told', async () => {
    const { listener, rejected } = listenerOf()
    const [bad, good] = [new ScriptedStream(), new ScriptedStream()]
    listener.onStream(bad)
    bad.sink.onClose!(broken)
    await settle()
    assert.equal(rejected.length, 1)
    const accepted = watch(listener.accept())
    assert.deepEqual(await states(accepted), ['pending'])
    listener.onStream(good)
    assert.deepEqual(await states(accepted), ['fulfilled'])
    good.sink.onData!(wire(datagram(7)))
    assert.equal((await accepted.value!.reader.receive())!.recipient, 7)
  })

  it('is handed out when it has ended cleanly: its datagrams can still be read', async () => {
    const { listener, rejected } = listenerOf()
    const stream = new ScriptedStream()
    listener.onStream(stream)
    stream.sink.onData!(wire(datagram(7)))
    stream.sink.onEnd!()
    await settle()
    const connection = (await listener.accept())!
    assert.equal((await connection.reader.receive())!.recipient, 7)
    assert.equal(await connection.reader.receive(), undefined)
    assert.deepEqual(rejected, [])
  })

  it('tells nobody but its user of a failure behind accept()', async () => {
    const { listener, rejected } = listenerOf()
    const stream = new ScriptedStream()
    listener.onStream(stream)
    const connection = (await listener.accept())!
    stream.sink.onClose!(broken)
    await assert.rejects(connection.closed, error => {
      assertAgain(error, broken)
      return true
    })
    assert.deepEqual(rejected, [])
  })

  it('is aborted by close(), after which accept() gives nothing', async () => {
    const { listener, rejected } = listenerOf()
    const stream = new ScriptedStream()
    listener.onStream(stream)
    const closed = listener.close()
    // Called at once: a moment later it would be forgotten because it has failed.
    assert.equal(await listener.accept(), undefined)
    await closed
    await settle()
    assert.deepEqual(stream.log, ['open', 'reset'])
    assert.deepEqual(rejected, [])
  })
})
