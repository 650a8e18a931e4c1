import assert from 'node:assert/strict'
import { it } from 'node:test'
import { certificates } from '../support/certificates.ts'
import { sendNumbered } from '../support/data.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { pends } from '../support/waiting.ts'
import { assertReset, assertWorks, echoes, restartSuite } from './suites/restart.ts'
import { overDtls } from './support/kinds.ts'
import { describeWith } from './support/tools.ts'

restartSuite(overDtls)

const { otherLocalhost } = certificates

describeWith(overDtls.needs, 'a usrsctp over DTLS that was killed', () => {
  failOnLeaks()

  // RFC 6347, section 4.2.8: the old association stays until the new handshake is done.
  it('and cannot finish a handshake from the same port leaves the old connection', async t => {
    const listener = await openListener(t, overDtls.medium)
    const first = overDtls.client(t, 'echo', listener.address)
    const old = await acceptOne(t, listener)
    const ports = await first.ports()
    await echoes(old)
    await first.kill()
    const impostor = overDtls.client(t, 'echo', listener.address, { ...ports, ...otherLocalhost })
    await impostor.line(/^alert unknown CA$/)
    assert.equal(await impostor.ended(), 1)
    assert(await pends(old.closed))
    const second = overDtls.client(t, 'echo', listener.address, { ...ports })
    const fresh = await acceptOne(t, listener)
    await assertReset(old)
    await assertWorks(fresh, second)
  })

  it('as server and started again takes a new connection, whatever comes from the old one', async t => {
    const { peer: first, address } = await overDtls.server(t, 'echo')
    const old = await openClient(t, overDtls.medium, address)
    await echoes(old)
    const ports = await first.ports()
    await first.kill()
    const { peer: second } = await overDtls.server(t, 'echo', { ...ports })
    await sendNumbered(old.writer, 1)
    const fresh = await openClient(t, overDtls.medium, address)
    assert.equal(fresh.remoteAddress, old.remoteAddress)
    await assertWorks(fresh, second)
  })
})
