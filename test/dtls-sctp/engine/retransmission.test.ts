import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { DtlsFailure } from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import type { NativeLibrary } from '../../../src/transport/dtls-sctp/engine/native-library.ts'
import { OpenSslEngine } from '../../../src/transport/dtls-sctp/engine/openssl/openssl-engine.ts'
import { epochAt, setSequenceNumberAt } from '../../../src/transport/dtls-sctp/engine/record-header.ts'
import { sleep } from '../../support/waiting.ts'
import { EnginePair, FLIGHTS, mutual } from '../support/engine-pair.ts'
import { engines } from '../support/engines.ts'
import { nativeLibraries } from '../support/native-libraries.ts'

/** OpenSSL takes less than 15 ms for none. */
const TIMEOUT_MS = 30

/** The same, but that every flight is soon to be sent again: only the timer gives an unsigned number. */
function impatient(library: NativeLibrary): NativeLibrary {
  return {
    ...library,
    callback: (signature, call) =>
      library.callback(signature, signature.result === 'uint' ? () => TIMEOUT_MS * 1000 : call),
  }
}

const timePasses = (): Promise<void> => sleep(TIMEOUT_MS + 2)

for (const [name, library] of nativeLibraries) {
  describe(`a flight of a DTLS handshake that is lost, through ${name},`, () => {
    const engine = new OpenSslEngine(impatient(library))
    let pair: EnginePair

    afterEach(() => {
      pair.free()
      assert.equal(engine.alive, 0)
    })

    for (const flight of [1, 3, 4, 5, 6]) {
      it(`is sent again: flight ${flight}`, async () => {
        pair = new EnginePair(engine, mutual).carryTo(flight - 1)
        const sender = flight % 2 === 1 ? pair.client : pair.accepted
        assert.ok(sender.takeAll().length > 0)
        await timePasses()
        if (flight === FLIGHTS) {
          // Whoever sends the last flight has no timer; it answers the flight before, when that comes again.
          pair.client.onTimeout()
          pair.flight--
          pair.flight--
          pair.carry()
        } else sender.onTimeout()
        pair.up()
      })
    }

    it('is sent so often, and no more', async () => {
      pair = new EnginePair(engine, mutual)
      let sent = 0
      const again = async (): Promise<void> => {
        for (; sent < 100; sent++) {
          assert.ok(pair.client.takeAll().length > 0)
          await timePasses()
          pair.client.onTimeout()
        }
      }
      await assert.rejects(again(), DtlsFailure)
      assert.ok(sent > 5)
    })
  })
}

for (const [name, library] of nativeLibraries) {
  // RFC 6347, section 4.2.1.
  describe(`a DTLS server, through ${name},`, () => {
    const engine = new OpenSslEngine(impatient(library))
    for (const losses of [0, 1, 2, 5]) {
      it(`goes on from the number of the ClientHello that it answers, behind ${losses} that were lost`, async () => {
        const pair = new EnginePair(engine, mutual)
        for (let lost = 0; lost < losses; lost++) {
          pair.client.takeAll()
          await timePasses()
          pair.client.onTimeout()
        }
        let asked = -1
        let answered = -1
        const own: number[] = []
        pair.carryTo(FLIGHTS, (record, flight) => {
          const number = Buffer.from(record).readUIntBE(5, 6)
          if (flight === 1) asked = number
          if (flight === 2) assert.equal(number, asked)
          if (flight === 3 && pair.server === undefined) answered = number
          if ((flight === 4 || flight === 6) && epochAt(record, 0) === 0) own.push(number)
          return record
        })
        assert.ok(pair.isUp && asked >= losses && answered > asked)
        assert.deepEqual(
          own,
          own.map((_, index) => answered + index),
        )
        pair.free()
      })
    }

    it('begins with 0 again behind the last number there is', () => {
      const pair = new EnginePair(engine, mutual)
      const last = 2 ** 48 - 1
      const numbers: number[] = []
      pair.carryTo(4, (record, flight) => {
        if (flight === 3) setSequenceNumberAt(record, 0, last)
        if (flight === 4) numbers.push(Buffer.from(record).readUIntBE(5, 6))
        return record
      })
      assert.ok(numbers.length > 1)
      assert.deepEqual(
        numbers,
        numbers.map((_, index) => (last + index) % 2 ** 48),
      )
      pair.free()
    })
  })
}

for (const [name, engine] of engines) {
  describe(`the timer of a DTLS handshake, through ${name},`, () => {
    it('runs while a flight waits for an answer', () => {
      const pair = new EnginePair(engine, mutual)
      const first = pair.client.timeoutMs()
      assert.ok(first !== undefined && first > 0 && first <= 400)
      pair.up()
      assert.equal(pair.client.timeoutMs(), undefined)
      pair.free()
      assert.equal(engine.alive, 0)
    })

    it('sends nothing before its time', () => {
      const pair = new EnginePair(engine, mutual)
      pair.client.takeAll()
      pair.client.onTimeout()
      assert.equal(pair.client.waitingBytes, 0)
      pair.free()
    })
  })
}
