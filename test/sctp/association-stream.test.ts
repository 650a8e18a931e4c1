import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Platform } from '../../src/platform.ts'
import { Association } from '../../src/transport/sctp/association/association.ts'
import type { AssociationUser } from '../../src/transport/sctp/association/association-user.ts'
import { AssociationStream } from '../../src/transport/sctp/stream/association-stream.ts'
import { PacketWriter } from '../../src/transport/sctp/wire/packet-writer.ts'

/** A stream whose association is played by the test, and what its sink is told. */
function beginStream(): {
  stream: AssociationStream
  association: AssociationUser
  told: string[]
  run(): void
} {
  const turns: (() => void)[] = []
  const platform: Platform = {
    now: () => 0,
    startTimer: () => () => {},
    nextTurn: callback => void turns.push(callback),
    allocate: byteLength => new Uint8Array(byteLength),
  }
  const carrier = { send() {}, onSent() {}, release() {} }
  const addresses = { localAddress: 'here', remoteAddress: 'there' }
  const path = { localPort: 1, peerPort: 1, windowBytes: 65_536, heartbeatIntervalMs: 0 }
  const packets = new PacketWriter(byteLength => new Uint8Array(byteLength))
  const random = (): number => 7
  const rest = { largestPacketBytes: 1200, zeroChecksumAcceptable: false, packets, random }
  const peer = { address: '192.0.2.1', port: 9899 }
  const stream = new AssociationStream(peer, addresses, carrier, platform, user =>
    Association.initiate({ ...path, ...rest, user }),
  )
  const told: string[] = []
  stream.open({
    onData: chunk => told.push(`data ${chunk.length}`),
    room: () => undefined,
    onEnd: () => told.push('end'),
    onWritten: byteLength => told.push(`written ${byteLength}`),
    onSpoilt: error => assert.ifError(error),
    onFinish: () => told.push('finish'),
    onClose: error => told.push(`close ${error?.code}`),
  })
  return {
    stream,
    association: stream,
    told,
    run() {
      for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn()
    },
  }
}

describe('the stream of an association', () => {
  it('tells of an end behind the data', () => {
    const { association, told, run } = beginStream()
    association.onUp()
    association.onData(new Uint8Array(10))
    association.onEnd()
    run()
    assert.deepEqual(told.slice(0, 2), ['data 10', 'end'])
  })

  it('tells of no end when it was reset before the data was read', () => {
    const { stream, association, told, run } = beginStream()
    association.onUp()
    stream.pause()
    association.onData(new Uint8Array(10))
    association.onEnd()
    run()
    stream.reset()
    run()
    assert.deepEqual(told, ['close undefined'])
  })
})
