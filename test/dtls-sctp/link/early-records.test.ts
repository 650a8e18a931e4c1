import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemPlatform } from '../../../src/platform.ts'
import type { DtlsConnection } from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import { DtlsLink } from '../../../src/transport/dtls-sctp/link/dtls-link.ts'
import { recordsOf } from '../../../src/transport/dtls-sctp/link/records.ts'
import { ContentType, epochOf, record } from '../hostile/support/records.ts'
import { EnginePair, FLIGHTS } from '../support/engine-pair.ts'
import { engines } from '../support/engines.ts'

/** A link whose handshake lacks the last flight of its peer, and what reaches its connection. */
class LateLink {
  readonly pair: EnginePair
  readonly link: DtlsLink
  /** The records of the last flight, the ChangeCipherSpec and the Finished last. */
  readonly flight: Buffer[]
  readonly data: string[] = []
  #early = 0

  constructor(pair: EnginePair, side: 'client' | 'server') {
    this.pair = pair.carryTo(side === 'server' ? FLIGHTS - 2 : FLIGHTS - 1)
    const [own, peer] = side === 'server' ? [pair.accepted, pair.client] : [pair.client, pair.accepted]
    this.flight = [...recordsOf(peer.takeAll())].map(each => Buffer.from(each))
    const carrier = { send: () => {}, isDrained: true, sharedDatagramBytes: 0, largestDataBytes: 1000 }
    const user = {
      onUp: () => {},
      onData: (data: Uint8Array) => this.data.push(Buffer.from(data).toString()),
      onEnd: () => {},
      onFailed: (failure: Error) => assert.fail(failure),
    }
    this.link = new DtlsLink(this.#counting(own), carrier, user, systemPlatform)
  }

  /** Records of the next epoch that have reached the connection before the handshake was done. */
  get early(): number {
    return this.#early
  }

  /** Forged ones. */
  flood(type: number, count = 200): void {
    for (let sequence = 0; sequence < count; sequence++) {
      this.link.receive(record({ type, epoch: 1, sequence: 1000 + sequence }, Buffer.alloc(60, 0x5a)))
    }
  }

  free(): void {
    this.link.close()
    this.pair.free()
  }

  #counting(connection: DtlsConnection): DtlsConnection {
    const receive = (given: Uint8Array, into: Uint8Array): number => {
      if (!connection.isUp && epochOf(Buffer.from(given)) === 1) this.#early++
      return connection.receive(given, into)
    }
    return new Proxy(connection, {
      get(target, name) {
        if (name === 'receive') return receive
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
}

for (const [name, engine] of engines) {
  for (const side of ['server', 'client'] as const) {
    describe(`before its handshake is done, a ${side} through ${name}`, () => {
      const lateLink = (t: { after(end: () => void): void }): LateLink => {
        const link = new LateLink(new EnginePair(engine), side)
        t.after(() => link.free())
        return link
      }

      for (const [what, type] of [
        ['handshake records', ContentType.HANDSHAKE],
        ['data', ContentType.APPLICATION_DATA],
      ] as const) {
        it(`gives OpenSSL at most 8 forged ${what} of the next epoch, and finishes all the same`, t => {
          const late = lateLink(t)
          late.flood(type)
          assert.equal(late.early, 8)
          late.flood(type)
          assert.equal(late.early, 8)
          for (const each of late.flight) late.link.receive(each)
          assert(late.link.isUp)
        })
      }

      it('gives OpenSSL at most 8 data records between the ChangeCipherSpec and the Finished', t => {
        const late = lateLink(t)
        const finished = late.flight.pop()!
        for (const each of late.flight) late.link.receive(each)
        late.flood(ContentType.APPLICATION_DATA)
        assert.equal(late.early, 8)
        late.flood(ContentType.HANDSHAKE)
        late.link.receive(finished)
        assert(late.link.isUp)
      })

      it('takes a Finished that overtakes the ChangeCipherSpec', t => {
        const late = lateLink(t)
        const finished = late.flight.pop()!
        late.flood(ContentType.APPLICATION_DATA, 7)
        for (const each of [finished, ...late.flight]) late.link.receive(each)
        assert(late.link.isUp)
      })
    })
  }
}
