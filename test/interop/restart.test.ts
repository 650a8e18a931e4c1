import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sendNumbered } from '../support/data.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { sctp } from '../support/media.ts'
import { openClient } from '../support/pairs.ts'
import { assertReset, assertWorks, echoes, restartSuite } from './suites/restart.ts'
import { overUdp } from './support/kinds.ts'
import { peerServer } from './support/peer.ts'
import { describeWith } from './support/tools.ts'

restartSuite(overUdp)

describeWith(overUdp.needs, 'a usrsctp that was killed and started again as server', () => {
  failOnLeaks()

  it('resets the connection that is sent on, and another can be made', async t => {
    const { peer: first, address } = await peerServer(t, 'echo')
    const old = await openClient(t, sctp, address)
    await echoes(old)
    const ports = await first.ports()
    await first.kill()
    const { peer: second } = await peerServer(t, 'echo', { ...ports })
    // Whatever comes to the new one, an acknowledgement perhaps, it answers by an ABORT.
    await Promise.allSettled([sendNumbered(old.writer, 1)])
    await assertReset(old)
    const fresh = await openClient(t, sctp, address)
    assert.equal(fresh.remoteAddress, old.remoteAddress)
    await assertWorks(fresh, second)
  })
})
