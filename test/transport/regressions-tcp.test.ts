import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { ConnectDatagram, connect } from '../../src/index.ts'
import { assertCleanEnd } from '../support/data.ts'
import { connectError } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { tcp, tls } from '../support/media.ts'
import { openPair } from '../support/pairs.ts'
import { pends, turn, within } from '../support/waiting.ts'

failOnLeaks()

/** The port of a server in another process that resets each connection in the moment in which it accepts it. */
async function resettingServer(t: TestContext): Promise<number> {
  const source =
    'const s = require("net").createServer(c => c.on("error", () => {}).resetAndDestroy());' +
    ' s.listen(0, "127.0.0.1", () => console.log(s.address().port))'
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.after(async () => {
    const closed = once(child, 'close')
    child.kill('SIGKILL')
    await closed
  })
  const [line] = await within(once(child.stdout, 'data'))
  return Number(String(line))
}

for (const [scheme, options] of [
  ['tcp', tcp.connectOptions],
  ['tls', tls.connectOptions],
] as const) {
  test(`${scheme}: a server that resets at once makes connect or closed reject, and nothing is thrown past them`, async t => {
    const uncaught: unknown[] = []
    const onUncaught = (error: unknown): void => {
      uncaught.push(error)
    }
    process.on('uncaughtException', onUncaught)
    t.after(() => process.off('uncaughtException', onUncaught))
    const address = `${scheme}://127.0.0.1:${await resettingServer(t)}`
    for (let i = 0; i < 200; i++) {
      try {
        const connection = await within(connect(address, options))
        await within(connection.closed)
        assert.fail('the connection ended cleanly')
      } catch (error) {
        connectError(error)
      }
    }
    await turn()
    assert.deepEqual(uncaught, [], 'an error was thrown past the promises')
  })
}

test('the peer’s clean end is shown while this end’s writes are blocked because the peer reads nothing', async t => {
  const { client, server } = await openPair(t, tcp, { server: { receiveQueueBytes: 1 } })
  for (let i = 0; i < 200; i++) {
    client.writer.send(new ConnectDatagram(1, new Uint8Array(100_000))).catch(() => {})
  }
  const flushed = client.writer.flush()
  assert(await pends(flushed, 200), 'the writes are not blocked')
  await within(server.writer.send(new ConnectDatagram(7, 'refused')))
  void server.writer.close()
  assert.equal((await within(client.reader.receive()))?.text(), 'refused')
  await assertCleanEnd(client.reader)
  assert(await pends(flushed, 0), 'the writes were not blocked any more')
})
