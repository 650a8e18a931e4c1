import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadEngine } from '../../../src/transport/dtls-sctp/engine/load-engine.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { until } from '../../support/waiting.ts'
import { engines } from '../support/engines.ts'
import { fuzz } from './fuzz.ts'
import { listenForSoak, playAll, plays } from './handshakes.ts'

/** `npm run soak:dtls` plays more of both. */
describe('a short soak of DTLS', () => {
  failOnLeaks()

  it(`leaves nothing behind of 200 handshakes: ${Object.keys(plays).join(', ')}`, async () => {
    const engine = await loadEngine()
    const listeners = await listenForSoak()
    await playAll(listeners, 0, 200)
    await Promise.all([listeners.patient.close(), listeners.hasty.close()])
    await until(() => engine.alive === 0, 'native objects are alive')
  })

  for (const [name, engine] of engines) {
    it(`survives 10,000 wrong records, through ${name}`, () => {
      const { records, failures, data } = fuzz(engine, 10_000, 7)
      assert.ok(records >= 10_000)
      assert.ok(failures > 100 && data > 100, 'some connections fail, and some records are right')
      assert.equal(engine.alive, 0)
    })
  }
})
