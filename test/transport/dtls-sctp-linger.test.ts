import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Listener } from '../../src/index.ts'
import { ContentType, recordsIn } from '../interop/support/records.ts'
import { openRelay, type Path } from '../interop/support/relay.ts'
import { dtlsSctp } from '../support/media.ts'
import { acceptOne, openClient, openListener, openPair } from '../support/pairs.ts'
import { turn, until, within } from '../support/waiting.ts'

/** A path on which no close_notify arrives. */
const losesAlerts: Path = datagram =>
  recordsIn(datagram).some(({ type }) => type === ContentType.ALERT) ? 'is lost' : 'passes'

/** How many UDP sockets keep the process running. */
const sockets = (): number => process.getActiveResourcesInfo().filter(kind => kind === 'UDPWrap').length

/** A connection comes and ends, and the listener's end of it waits for a close_notify. */
async function leaveLingering(t: TestContext, listener: Listener): Promise<void> {
  const relay = await openRelay(t, listener.address, losesAlerts)
  const accepted = acceptOne(t, listener)
  const client = await openClient(t, dtlsSctp, relay.address)
  const server = await accepted
  await within(Promise.all([client.close(), server.close()]), 'close')
  await until(() => relay.datagrams.some(({ payload }) => losesAlerts(payload, 0) === 'is lost'), 'an alert')
}

test('a listener that is closed behind its last connection does not keep the process running', async t => {
  const listener = await openListener(t, dtlsSctp)
  await leaveLingering(t, listener)
  const before = sockets()
  await listener.close()
  assert.equal(sockets(), before - 1)
})

test('a connection that goes behind its listener leaves nothing that keeps the process running', async t => {
  const { client, server, listener } = await openPair(t, dtlsSctp)
  await leaveLingering(t, listener)
  await listener.close()
  const before = sockets()
  client.abort()
  await within(
    server.closed.catch(() => {}),
    'the end',
  )
  await turn()
  assert.equal(sockets(), before - 2)
})
