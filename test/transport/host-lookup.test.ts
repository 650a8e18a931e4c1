import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import { type HostAddress, lookUpToListen } from '../../src/transport/host-lookup.ts'
import { failure } from '../support/errors.ts'

const found = (...list: string[]): HostAddress[] =>
  list.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))

const lookUp = (...list: string[]): Promise<string> =>
  lookUpToListen('name', async () => found(...list), undefined, 'listening')

describe('the address that a listener binds', () => {
  test('is the first that its name has', async () => {
    assert.equal(await lookUp('192.0.2.1', '192.0.2.2'), '192.0.2.1')
    assert.equal(await lookUp('2001:db8::1', '192.0.2.2'), '2001:db8::1')
  })

  test('is no link-local one without a zone, if there is another', async () => {
    assert.equal(await lookUp('fe80::1', 'FE90::1', 'febf::1', '192.0.2.1'), '192.0.2.1')
    assert.equal(await lookUp('fe80::1%eth0', '192.0.2.1'), 'fe80::1%eth0')
    assert.equal(await lookUp('fe80::1'), 'fe80::1')
    assert.equal(await lookUp('fec0::1', '192.0.2.1'), 'fec0::1')
  })

  test('is none where the name has none', async () => {
    await assert.rejects(lookUp(), /no address/)
  })
})

describe('the signal of a look-up', () => {
  test('ends the wait for an answer, and keeps no listener', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const reason = new Error('enough')
    let answer: (addresses: HostAddress[]) => void = () => {}
    const asked = new Promise<HostAddress[]>(resolve => (answer = resolve))
    const looking = lookUpToListen('name', () => asked, signal, 'listening')
    controller.abort(reason)
    assert.equal((await failure(looking, 'ABORTED')).cause, reason)
    answer(found('192.0.2.1'))
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  test('keeps no listener once there is an answer, or an error', async () => {
    const { signal } = new AbortController()
    await lookUpToListen('name', async () => found('192.0.2.1'), signal, 'listening')
    const failing = lookUpToListen('name', () => Promise.reject(new Error('none')), signal, 'listening')
    await assert.rejects(failing, /none/)
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  test('that has fired already asks for nothing', async () => {
    const ask = (): Promise<never> => assert.fail('was asked')
    await failure(lookUpToListen('name', ask, AbortSignal.abort(), 'listening'), 'ABORTED')
  })
})
