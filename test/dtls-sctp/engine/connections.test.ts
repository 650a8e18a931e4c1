import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { type DtlsConnection, DtlsFailure } from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import {
  MAX_DATA_BYTES,
  RECORD_OVERHEAD_BYTES,
  recordsOf,
} from '../../../src/transport/dtls-sctp/link/records.ts'
import { EnginePair, mutual } from '../support/engine-pair.ts'
import { engines } from '../support/engines.ts'

const calls: Readonly<Record<string, (connection: DtlsConnection) => unknown>> = {
  receive: connection => connection.receive(Uint8Array.of(1), new Uint8Array(8)),
  receiveEarly: connection => connection.receiveEarly(new Uint8Array(8)),
  send: connection => connection.send(Uint8Array.of(1)),
  end: connection => connection.end(),
  waitingBytes: connection => connection.waitingBytes,
  take: connection => connection.take(new Uint8Array(8)),
  takeAll: connection => connection.takeAll(),
  timeoutMs: connection => connection.timeoutMs(),
  onTimeout: connection => connection.onTimeout(),
  info: connection => connection.info,
}

for (const [name, engine] of engines) {
  describe(`a DTLS connection through ${name}`, () => {
    let pair: EnginePair
    const up = (): EnginePair => {
      pair = new EnginePair(engine, mutual).up()
      return pair
    }

    afterEach(() => {
      pair?.free()
      assert.equal(engine.alive, 0)
    })

    it('carries data of any length that a record has, in memory that may be the same', () => {
      const { client, accepted } = up()
      for (const length of [1, 63, 64, 65, 1200, MAX_DATA_BYTES]) {
        const data = new Uint8Array(length).fill(length)
        client.send(data)
        const record = client.takeAll()
        assert.ok(record.length <= length + RECORD_OVERHEAD_BYTES)
        assert.equal(accepted.receive(record, record), length)
        assert.deepEqual(record.subarray(0, length), data)
      }
    })

    it('refuses data that is too long for a record, and stays as it is', () => {
      const { client, accepted } = up()
      assert.throws(() => client.send(new Uint8Array(MAX_DATA_BYTES + 1)), DtlsFailure)
      assert.equal(client.waitingBytes, 0)
      client.send(Uint8Array.of(1))
      assert.equal(accepted.receive(client.takeAll(), new Uint8Array(100)), 1)
    })

    it('passes over a record that comes twice, or was changed', () => {
      const { client, accepted } = up()
      client.send(Uint8Array.of(1))
      const record = client.takeAll()
      const changed = Uint8Array.from(record)
      changed[changed.length - 1]! ^= 1
      assert.equal(accepted.receive(changed, new Uint8Array(100)), 0)
      assert.equal(accepted.receive(Uint8Array.from(record), new Uint8Array(100)), 1)
      assert.equal(accepted.receive(record, new Uint8Array(100)), 0)
      assert.equal(accepted.waitingBytes, 0)
    })

    it('keeps data that comes before the end of the handshake', () => {
      pair = new EnginePair(engine, mutual).carryTo(5)
      const { client, accepted } = pair
      const flight = accepted.takeAll()
      accepted.send(Uint8Array.of(1, 2))
      accepted.send(Uint8Array.of(3))
      for (const record of recordsOf(accepted.takeAll())) assert.equal(client.receive(record, record), 0)
      for (const record of recordsOf(flight)) client.receive(record, record)
      assert.ok(client.isUp)
      const into = new Uint8Array(MAX_DATA_BYTES)
      assert.equal(client.receiveEarly(into), 2)
      assert.equal(client.receiveEarly(into), 1)
      assert.equal(client.receiveEarly(into), 0)
    })

    it('tells the peer when it ends, and sends nothing afterwards', () => {
      const { client, accepted } = up()
      client.end()
      const notice = client.takeAll()
      assert.ok(notice.length > 0)
      assert.equal(accepted.receive(notice, new Uint8Array(100)), 0)
      assert.ok(accepted.isEndedByPeer)
      assert.throws(() => client.send(Uint8Array.of(1)), DtlsFailure)
    })

    it('has what waits taken from it once', () => {
      const { client } = up()
      client.send(Uint8Array.of(1))
      const { waitingBytes } = client
      const memory = new Uint8Array(waitingBytes + 10)
      assert.equal(client.take(memory), waitingBytes)
      assert.deepEqual([client.waitingBytes, client.take(memory), client.takeAll().length], [0, 0, 0])
    })

    it('is freed once, however often it is asked, each end on its own', () => {
      const { client, accepted } = up()
      const both = engine.alive
      client.free()
      const one = engine.alive
      for (let i = 0; i < 3; i++) client.free()
      assert.ok(one < both)
      assert.equal(engine.alive, one)
      accepted.send(Uint8Array.of(1))
      accepted.free()
      pair.stopListening()
      assert.equal(engine.alive, 0)
    })

    for (const [call, make] of Object.entries(calls)) {
      it(`throws at ${call} when it is freed, and the process lives`, () => {
        const { client, accepted } = up()
        for (const connection of [client, accepted]) {
          connection.free()
          assert.throws(() => make(connection), /SSL was used after it was freed/)
        }
      })
    }

    it('makes no native object that outlives a call when it is asked who the peer is', () => {
      const { client } = up()
      const { alive } = engine
      for (let i = 0; i < 3; i++) assert.ok(client.info.certificate!.length > 100)
      assert.equal(engine.alive, alive)
    })
  })
}
