import assert from 'node:assert/strict'
import { addAbortSignal, Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { SessionStates } from '../../src/session/session-states.ts'
import { states, watch } from '../connection/support/watch.ts'
import { within } from '../support/waiting.ts'

describe('states()', () => {
  it('gives the state now, and then each change to a loop that waits', async () => {
    const session = new SessionStates('id')
    const iterator = session.states()[Symbol.asyncIterator]()
    assert.deepEqual(await iterator.next(), { value: 'attached', done: false })
    const waiting = [iterator.next(), iterator.next(), iterator.next(), iterator.next()]
    for (const state of ['detached', 'attached', 'closed'] as const) session.change(state)
    const results = await within(Promise.all(waiting))
    assert.deepEqual(
      results.map(({ value }) => value),
      ['detached', 'attached', 'closed', undefined],
    )
    assert.equal(results[3]!.done, true)
    assert.equal((await iterator.next()).done, true)
  })

  it('shows a slow loop the newest state, and none that is as the last one', async () => {
    const session = new SessionStates('id')
    const iterator = session.states()[Symbol.asyncIterator]()
    await iterator.next()
    session.change('detached')
    session.change('attached')
    const waiting = watch(iterator.next())
    assert.deepEqual(await states(waiting), ['pending'])
    session.change('attached')
    assert.deepEqual(await states(waiting), ['pending'])
    session.change('lost')
    assert.deepEqual(await states(waiting), ['fulfilled'])
    assert.deepEqual(waiting.value, { value: 'lost', done: false })
  })

  it('return() withdraws the pending next() and settles at once; other loops go on', async () => {
    const session = new SessionStates('id')
    const left = session.states()[Symbol.asyncIterator]()
    const other = session.states()[Symbol.asyncIterator]()
    await Promise.all([left.next(), other.next()])
    const [waiting, waitsOn] = [left.next(), watch(other.next())]
    assert.equal((await within(left.return!())).done, true)
    assert.equal((await within(waiting)).done, true)
    assert.equal((await within(left.next())).done, true)
    session.change('detached')
    assert.deepEqual(await states(waitsOn), ['fulfilled'])
    assert.deepEqual(waitsOn.value, { value: 'detached', done: false })
  })

  it('Readable.from(states()) ends by addAbortSignal while it waits', async () => {
    const session = new SessionStates('id')
    const controller = new AbortController()
    const stream = addAbortSignal(controller.signal, Readable.from(session.states()))
    stream.on('error', () => {})
    const seen: string[] = []
    await within(
      new Promise<void>(resolve => {
        stream.once('close', resolve)
        stream.on('data', (state: string) => {
          seen.push(state)
          controller.abort()
        })
      }),
    )
    assert.deepEqual(seen, ['attached'])
  })
})
