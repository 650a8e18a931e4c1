import assert from 'node:assert/strict'
import { it } from 'node:test'
import { failOnLeaks } from '../support/leaks.ts'
import { until, within } from '../support/waiting.ts'
import { CHUNK } from './support/chunks.ts'
import { fileOf } from './support/dtls-peer.ts'
import { joinedByRelay, ROLES } from './support/joined.ts'
import { overDtls } from './support/kinds.ts'
import { closeBoth, exchange, ours } from './support/ours.ts'
import { echo } from './support/paths.ts'
import { SERVER_PORT } from './support/pcap.ts'
import { ContentType, packetsIn, recordsIn } from './support/records.ts'
import type { Datagram, Relay } from './support/relay.ts'
import { describeWith } from './support/tools.ts'
import { decode, fieldsOf, harmless, type Packet } from './support/tshark.ts'

const DTLS_1_2 = 0xfefd

const OPTIONS = ['-d', `udp.port==${SERVER_PORT},dtls`]
const FIELDS = [
  'dtls.record.content_type',
  'dtls.record.version',
  'dtls.handshake.type',
  '_ws.expert.message',
]

/** ClientHello, ServerHello, HelloVerifyRequest, and so on up to Finished, which is encrypted (RFC 6347, 4.3.2). */
const HANDSHAKE = [1, 2, 3, 11, 12, 13, 14, 15, 16]

/** Chunks of an association from its beginning to its end. */
const KINDS = [
  ...(['INIT', 'INIT_ACK', 'COOKIE_ECHO', 'COOKIE_ACK'] as const),
  ...(['DATA', 'SACK', 'SHUTDOWN', 'SHUTDOWN_ACK', 'SHUTDOWN_COMPLETE'] as const),
]

/** Each record is one of DTLS 1.2, from the ClientHello to close_notify, and all of it is well formed. */
function assertWellFormed({ datagrams }: Relay): void {
  const packets = fieldsOf(datagrams, OPTIONS, FIELDS)
  assert.equal(packets.length, datagrams.length)
  const seen = new Set<number>()
  packets.forEach(([types, versions, handshake, remarks], i) => {
    const { payload } = datagrams[i]!
    assert.deepEqual(remarks, [], `packet ${i}`)
    assert.deepEqual(
      types!.map(Number),
      recordsIn(payload).map(({ type }) => type),
      `the records of packet ${i}`,
    )
    const others = versions!.filter(version => Number(version) !== DTLS_1_2)
    // Only what comes before the version is agreed on may say another (RFC 6347, section 4.2.1).
    if (!handshake!.some(type => ['1', '3'].includes(type))) assert.deepEqual(others, [], `packet ${i}`)
    for (const type of handshake!) seen.add(Number(type))
  })
  const missing = HANDSHAKE.filter(type => !seen.has(type))
  assert.deepEqual(missing, [], 'handshake messages that did not come')
}

const hasEnded = ({ datagrams }: Relay): boolean =>
  [true, false].every(side =>
    datagrams.some(
      ({ fromServer, payload }) =>
        fromServer === side && recordsIn(payload).some(({ type }) => type === ContentType.ALERT),
    ),
  )

describeWith([...overDtls.needs, 'tshark'], 'DTLS on the wire, as tshark reads it', () => {
  failOnLeaks()

  it('what is wrong is seen', () => {
    const hello = Buffer.alloc(40)
    hello.writeUInt8(ContentType.HANDSHAKE)
    hello.writeUInt16BE(DTLS_1_2, 1)
    hello.writeUInt16BE(100, 11)
    hello.writeUInt8(1, 13)
    const [packet] = fieldsOf([{ fromServer: false, payload: hello }], OPTIONS, FIELDS)
    assert.match(packet!.at(-1)!.join(), /Malformed/)
  })

  it('both ends of the library are well formed', async t => {
    const pair = await ours(t, overDtls.medium)
    await exchange(pair, 10, 50_000)
    await closeBoth(pair)
    await until(() => hasEnded(pair.relay), 'close_notify of both ends')
    assertWellFormed(pair.relay)
  })

  for (const role of ROLES) {
    it(`with usrsctp as ${role}, all is well formed, and so are the packets inside`, async t => {
      const { connection, peer, relay } = await joinedByRelay(t, overDtls, role, 'echo', () => 'passes')
      await echo(connection, 10, 50_000)
      await within(connection.close(), 'close')
      assert.equal(await peer.ended(), 0)
      await until(() => hasEnded(relay), 'close_notify of both ends')
      assertWellFormed(relay)
      assertPackets(decode(packetsInside(relay, await peer.key())))
    })
  }
})

/** The packets in the records, of which each has one (RFC 8261, section 3). */
function packetsInside({ datagrams }: Relay, key: string): Datagram[] {
  const keys = ['-d', `dtls.port==${SERVER_PORT},data`, '-o', `tls.keylog_file:${fileOf(key)}`]
  const data = fieldsOf(datagrams, [...OPTIONS, ...keys], ['data.data'])
  return datagrams.flatMap(({ fromServer, payload }, i) => {
    const packets = data[i]![0]!.map(hex => ({ fromServer, payload: Buffer.from(hex, 'hex') }))
    assert.equal(packets.length, packetsIn(payload).length, `packets in datagram ${i}`)
    return packets
  })
}

/** With checksums, as usrsctp does not say that it can do without (RFC 9653). */
function assertPackets(packets: readonly Packet[]): void {
  packets.forEach(({ remarks, chunks, checksum }, i) => {
    const odd = remarks.filter(remark => !harmless.test(remark))
    assert.deepEqual(odd, [], `packet ${i}, with chunks ${chunks}`)
    assert(checksum, `the checksum of packet ${i}`)
  })
  const seen = new Set(packets.flatMap(({ chunks }) => chunks))
  const missing = KINDS.filter(kind => !seen.has(CHUNK[kind]))
  assert.deepEqual(missing, [], 'chunk types that did not come')
}
