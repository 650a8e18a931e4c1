import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type {
  DtlsClient,
  DtlsConnection,
  DtlsCredentials,
  DtlsServer,
} from '../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import { loadEngine } from '../../src/transport/dtls-sctp/engine/load-engine.ts'
import { recordsOf } from '../../src/transport/dtls-sctp/link/records.ts'
import { certificates } from '../support/certificates.ts'

/** ChangeCipherSpec, alert, handshake, application data, and one that there is not. */
const TYPES = [20, 21, 22, 23, 24]
/** That of the handshake, the present one, and the one that would be next. */
const EPOCHS = [0, 1, 2]

const NOBODY: DtlsCredentials = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  passphrase: undefined,
  alpnProtocols: undefined,
}

const COOKIE = Buffer.from('a cookie')
const cookies = { make: () => COOKIE, isRight: (cookie: Uint8Array) => COOKIE.equals(cookie) }

function give(from: DtlsConnection, to: DtlsConnection): void {
  for (const record of recordsOf(from.takeAll())) to.receive(record, record)
}

/** A record as somebody makes it who has no keys. */
function forged(type: number, epoch: number, fragmentBytes: number): Uint8Array {
  const record = Buffer.alloc(13 + fragmentBytes, 0x5a)
  record.writeUIntBE(type, 0, 1)
  record.writeUIntBE(0xfefd, 1, 2)
  record.writeUIntBE(epoch, 3, 2)
  record.writeUIntBE(100_000, 5, 6)
  record.writeUIntBE(fragmentBytes, 11, 2)
  return record
}

describe('a DTLS connection passes over records of somebody without its keys', () => {
  let client: DtlsClient
  let server: DtlsServer
  let atClient: DtlsConnection
  let atServer: DtlsConnection

  before(async () => {
    const engine = await loadEngine()
    client = engine.client({ ...NOBODY, ca: certificates.ca })
    server = engine.server({ ...NOBODY, ...certificates.localhost })
    atClient = client.connect('localhost')
    const { answer } = server.onClientHello(atClient.takeAll(), cookies)
    atClient.receive(answer!, answer!)
    const { connection } = server.onClientHello(atClient.takeAll(), cookies)
    atServer = connection!
    give(atServer, atClient)
    give(atClient, atServer)
    give(atServer, atClient)
  })

  after(() => {
    for (const each of [atClient, atServer, client, server]) each?.free()
  })

  function expectDelivery(from: DtlsConnection, to: DtlsConnection, text: string): void {
    const into = new Uint8Array(100)
    from.send(Buffer.from(text))
    assert.equal(to.receive(from.takeAll(), into), text.length)
    assert.equal(Buffer.from(into.subarray(0, text.length)).toString(), text)
  }

  for (const type of TYPES) {
    it(`of type ${type}, of any epoch, and however short`, () => {
      for (const epoch of EPOCHS) {
        for (let fragmentBytes = 0; fragmentBytes < 60; fragmentBytes++) {
          for (const [one, other] of [
            [atClient, atServer],
            [atServer, atClient],
          ] as const) {
            assert.equal(other.receive(forged(type, epoch, fragmentBytes), new Uint8Array(100)), 0)
            assert.equal(other.isEndedByPeer, false)
            expectDelivery(one, other, '!')
          }
        }
      }
    })
  }
})
