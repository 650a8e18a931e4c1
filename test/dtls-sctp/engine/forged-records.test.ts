import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { DtlsConnection } from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import { record } from '../hostile/support/records.ts'
import { EnginePair } from '../support/engine-pair.ts'
import { engines } from '../support/engines.ts'

/** ChangeCipherSpec, alert, handshake, application data, and one that there is not. */
const TYPES = [20, 21, 22, 23, 24]
/** That of the handshake, the present one, and the one that would be next. */
const EPOCHS = [0, 1, 2]

function expectDelivery(from: DtlsConnection, to: DtlsConnection, text: string): void {
  const into = new Uint8Array(100)
  from.send(Buffer.from(text))
  assert.equal(to.receive(from.takeAll(), into), text.length)
  assert.equal(Buffer.from(into.subarray(0, text.length)).toString(), text)
}

for (const [name, engine] of engines) {
  describe(`a DTLS connection through ${name} passes over records of somebody without its keys`, () => {
    let pair: EnginePair
    before(() => {
      pair = new EnginePair(engine).up()
    })
    after(() => pair.free())

    for (const type of TYPES) {
      it(`of type ${type}, of any epoch, and however short`, () => {
        const { client, accepted } = pair
        for (const epoch of EPOCHS) {
          for (let fragmentBytes = 0; fragmentBytes < 60; fragmentBytes++) {
            const forged = record(
              { type, epoch, sequence: 100_000 },
              new Uint8Array(fragmentBytes).fill(0x5a),
            )
            for (const [one, other] of [
              [client, accepted],
              [accepted, client],
            ] as const) {
              assert.equal(other.receive(forged, new Uint8Array(100)), 0)
              assert.equal(other.isEndedByPeer, false)
              expectDelivery(one, other, '!')
            }
          }
        }
      })
    }
  })
}
