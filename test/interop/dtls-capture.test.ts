import assert from 'node:assert/strict'
import { it } from 'node:test'
import { failOnLeaks } from '../support/leaks.ts'
import { until, within } from '../support/waiting.ts'
import { joinedByRelay, ROLES } from './support/joined.ts'
import { overDtls } from './support/kinds.ts'
import { closeBoth, exchange, ours } from './support/ours.ts'
import { echo } from './support/paths.ts'
import { SERVER_PORT } from './support/pcap.ts'
import { ContentType, recordsIn } from './support/records.ts'
import type { Relay } from './support/relay.ts'
import { describeWith } from './support/tools.ts'
import { fieldsOf } from './support/tshark.ts'

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
    it(`with usrsctp as ${role}, all is well formed`, async t => {
      const { connection, peer, relay } = await joinedByRelay(t, overDtls, role, 'echo', () => 'passes')
      await echo(connection, 10, 50_000)
      await within(connection.close(), 'close')
      assert.equal(await peer.ended(), 0)
      await until(() => hasEnded(relay), 'close_notify of both ends')
      assertWellFormed(relay)
    })
  }
})
