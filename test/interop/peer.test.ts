import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertEndedByShutdown, hashOf } from './support/expected.ts'
import { peerClient, peerServer } from './support/peer.ts'
import { describeWith } from './support/tools.ts'

// If these fail, it is not the library that the other tests here show to be wrong.
describeWith(['cc', 'usrsctp'], 'the peer on usrsctp, with itself', () => {
  it('sends what it should and receives what was sent', async t => {
    const { peer, address } = await peerServer(t, 'sink')
    const source = peerClient(t, 'source', address, {
      count: 50,
      data: 10_000,
      message: 3000,
      end: 'shutdown',
    })
    assert.equal((await source.line(/^sent (.*)$/))[1], hashOf(50, 10_000))
    await source.line(/^complete$/)
    await assertEndedByShutdown(peer, 50, 10_000)
    assert.equal(await source.ended(), 0)
  })

  it('echoes, and tells of an abort', async t => {
    const { peer, address } = await peerServer(t, 'echo', { bytes: 24, end: 'abort' })
    const source = peerClient(t, 'source', address, { count: 1 })
    await source.line(/^lost 12$/)
    assert.equal((await source.received()).bytes, hashOf(1, 16))
    await peer.line(/^received 24 /)
    assert.equal(await peer.ended(), 0)
  })

  it('notices a restart', async t => {
    const { peer, address } = await peerServer(t, 'sink')
    const first = peerClient(t, 'source', address, { count: 1, end: 'hold' })
    const ports = await first.ports()
    await first.line(/^holding$/)
    await first.kill()
    const second = peerClient(t, 'source', address, { ...ports, count: 1, end: 'shutdown' })
    await peer.line(/^restarted$/)
    await second.line(/^complete$/)
    assert.equal(await peer.ended(), 0)
  })

  it('ends when its time is over', async t => {
    const { peer } = await peerServer(t, 'sink', { limit: 1 })
    await peer.line(/^late$/)
    assert.equal(await peer.ended(), 3)
  })
})
