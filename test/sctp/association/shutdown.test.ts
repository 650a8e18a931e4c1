import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesOf } from '../../support/data.ts'
import { abort, chunk, data, END_PROTOCOL, Flag, readSack, sack, shutdown, Type } from '../support/chunks.ts'
import { accepted, dialled, HAND_TAG, HandPeer, typesOf } from '../support/hand-peer.ts'
import type { Chunk } from '../support/packets.ts'
import { Site } from '../support/site.ts'

function end(peer: HandPeer): Chunk[] {
  peer.member.association.end(peer.site.now)
  peer.member.onTouched()
  peer.site.flush()
  return peer.chunks()
}

const stateOf = (peer: HandPeer): string => peer.member.association.state

/** Acknowledges all that the site has sent, which is `count` chunks. */
const sackOf = (peer: HandPeer, count: number): Chunk => sack({ tsn: (peer.siteTsn + count - 1) >>> 0 })
const shutdownOf = (peer: HandPeer, count = 0): Chunk => shutdown((peer.siteTsn + count - 1) >>> 0)
const mark = (peer: HandPeer): Chunk => data({ tsn: peer.tsn, protocol: END_PROTOCOL })

/** With a peer that knows no marks: each end is a SHUTDOWN. */
const withoutMarks = (): HandPeer => accepted(new Site(), { parameters: [] })

/** An accepted end whose both directions have ended by marks: it has sent SHUTDOWN. */
function bothEnded(): HandPeer {
  const peer = accepted(new Site())
  end(peer)
  assert.deepEqual(typesOf(peer.send(sackOf(peer, 1), mark(peer))), [Type.SHUTDOWN])
  assert.equal(stateOf(peer), 'SHUTDOWN-SENT')
  return peer
}

/** When packets with a chunk of a type leave, in ms, while nobody answers. */
function timesOf(peer: HandPeer, type: number): number[] {
  const start = peer.site.now
  const times: number[] = []
  for (let i = 0; i < 60 && peer.site.members.length > 0; i++) {
    peer.site.advance(peer.site.nextTimer() - peer.site.now)
    for (const _ of peer.chunks().filter(sent => sent.type === type)) times.push(peer.site.now - start)
  }
  return times
}

describe('both directions have ended by their marks', () => {
  it('the end that was connected to begins the shutdown at once', () => {
    const peer = bothEnded()
    assert.deepEqual(peer.member.log, ['up', 'end', 'finish'])
    assert.deepEqual(typesOf(peer.send(chunk(Type.SHUTDOWN_ACK))), [Type.SHUTDOWN_COMPLETE])
    assert.deepEqual(peer.member.log, ['up', 'end', 'finish', 'closed'])
  })

  it('the other end answers it', () => {
    const peer = dialled(new Site())
    end(peer)
    peer.send(sackOf(peer, 1), mark(peer))
    assert.equal(stateOf(peer), 'ESTABLISHED')
    assert.deepEqual(typesOf(peer.send(shutdownOf(peer, 1))), [Type.SHUTDOWN_ACK])
    assert.deepEqual(peer.send(chunk(Type.SHUTDOWN_COMPLETE)), [])
    assert.deepEqual(peer.member.log, ['up', 'end', 'finish', 'closed'])
  })

  it('the other end begins it after a second, if nobody else does', () => {
    const peer = dialled(new Site())
    end(peer)
    peer.send(sackOf(peer, 1), mark(peer))
    peer.site.advance(999)
    assert.equal(stateOf(peer), 'ESTABLISHED')
    peer.site.advance(1)
    assert.equal(stateOf(peer), 'SHUTDOWN-SENT')
  })

  it('the mark is sent again when it was lost', () => {
    const peer = accepted(new Site())
    const [first] = end(peer)
    peer.site.advance(1000)
    const [again] = peer.chunks()
    assert.deepEqual(again?.value, first?.value)
  })

  it('a lost SHUTDOWN or SHUTDOWN ACK is sent again, and the end is clean without an answer', () => {
    const peer = bothEnded()
    assert.equal(timesOf(peer, Type.SHUTDOWN).length, 3)
    assert.deepEqual(peer.member.log, ['up', 'end', 'finish', 'closed'])
  })

  it('a lost SHUTDOWN COMPLETE: SHUTDOWN ACK is sent again, and the end is clean without an answer', () => {
    const peer = dialled(new Site())
    end(peer)
    peer.send(sackOf(peer, 1), mark(peer))
    peer.send(shutdownOf(peer, 1))
    assert.equal(timesOf(peer, Type.SHUTDOWN_ACK).length, 3)
    assert.deepEqual(peer.member.log, ['up', 'end', 'finish', 'closed'])
  })

  it('a SHUTDOWN ACK that comes once more is answered with SHUTDOWN COMPLETE and the T bit (section 8.4, 5)', () => {
    const peer = bothEnded()
    peer.send(chunk(Type.SHUTDOWN_ACK))
    const [answer] = peer.send(chunk(Type.SHUTDOWN_ACK))
    assert.deepEqual(answer, chunk(Type.SHUTDOWN_COMPLETE, Flag.T))
  })

  it('nobody is there any more: the end is clean', () => {
    const peer = bothEnded()
    peer.member.association.onRefused(new Error('ECONNREFUSED'), peer.site.now)
    assert.deepEqual(peer.member.log, ['up', 'end', 'finish', 'closed'])
  })
})

describe('SHUTDOWN (RFC 9260, section 9.2)', () => {
  it('is sent when all that was sent is acknowledged, and says what has come', () => {
    const peer = withoutMarks()
    peer.send(peer.data(), peer.data())
    peer.member.association.send([bytesOf(10)])
    assert.deepEqual(typesOf(end(peer)), [Type.SACK, Type.DATA])
    assert.equal(stateOf(peer), 'SHUTDOWN-PENDING')
    assert.deepEqual(peer.send(sackOf(peer, 1)), [shutdown((peer.tsn - 1) >>> 0)])
    assert.equal(stateOf(peer), 'SHUTDOWN-SENT')
  })

  it('of the peer ends its direction; this one goes on until it ends as well', () => {
    const peer = withoutMarks()
    assert.deepEqual(peer.send(shutdownOf(peer)), [])
    assert.deepEqual(peer.member.log, ['up', 'end'])
    peer.member.association.send([bytesOf(10)])
    assert.deepEqual(typesOf(end(peer)), [Type.DATA])
    assert.equal(stateOf(peer), 'SHUTDOWN-RECEIVED')
    assert.deepEqual(typesOf(peer.send(sackOf(peer, 1))), [Type.SHUTDOWN_ACK])
    peer.send(chunk(Type.SHUTDOWN_COMPLETE))
    assert.deepEqual(peer.member.log, ['up', 'end', 'finish', 'closed'])
  })

  it('of the peer acknowledges like a SACK', () => {
    const peer = withoutMarks()
    peer.member.association.send([bytesOf(10)])
    end(peer)
    assert.deepEqual(typesOf(peer.send(shutdownOf(peer, 1))), [Type.SHUTDOWN_ACK])
    assert.equal(peer.member.acknowledged, 10)
  })

  it('of both ends at once leads to SHUTDOWN ACK from both, and a clean end', () => {
    const peer = withoutMarks()
    assert.deepEqual(typesOf(end(peer)), [Type.SHUTDOWN])
    assert.deepEqual(typesOf(peer.send(shutdownOf(peer))), [Type.SHUTDOWN_ACK])
    assert.equal(stateOf(peer), 'SHUTDOWN-ACK-SENT')
    assert.deepEqual(typesOf(peer.send(chunk(Type.SHUTDOWN_ACK))), [Type.SHUTDOWN_COMPLETE])
    assert.deepEqual(peer.member.log, ['up', 'end', 'finish', 'closed'])
  })

  it('is sent again, with a SACK, for each packet of data that comes meanwhile', () => {
    const peer = withoutMarks()
    end(peer)
    const answer = peer.send(peer.data())
    assert.deepEqual(typesOf(answer).sort(), [Type.SACK, Type.SHUTDOWN])
    assert.equal(readSack(answer.find(({ type }) => type === Type.SACK)!).tsn, (peer.tsn - 1) >>> 0)
    assert.equal(peer.member.data.length, 1)
  })

  it('is sent again after an RTO, later and later, until the peer counts as gone', () => {
    const peer = withoutMarks()
    end(peer)
    const times = timesOf(peer, Type.SHUTDOWN)
    assert.ok(times.length >= 5 && times.length <= 10, `${times.length} times`)
    assert.deepEqual(peer.member.log, ['up', 'closed CONNECTION_RESET'])
  })

  it('is not kept up for ever by a peer that goes on sending (T5-shutdown-guard)', () => {
    const peer = withoutMarks()
    end(peer)
    for (let i = 0; i < 700 && peer.site.members.length > 0; i++) {
      peer.site.advance(500)
      if (peer.site.members.length > 0) peer.send(peer.data())
    }
    assert.equal(peer.site.members.length, 0)
    assert.equal(peer.member.log.at(-1), 'closed CONNECTION_RESET')
  })

  it('breaks the association when it is malformed', () => {
    for (const length of [0, 3, 5, 8]) {
      const peer = withoutMarks()
      assert.deepEqual(typesOf(peer.send(chunk(Type.SHUTDOWN, 0, new Uint8Array(length)))), [Type.ABORT])
    }
  })

  it('breaks the association when it is for data that was never sent', () => {
    const peer = withoutMarks()
    assert.deepEqual(typesOf(peer.send(shutdownOf(peer, 1))), [Type.ABORT])
    assert.match(peer.member.error!.message, /: a SHUTDOWN acknowledges data that was never sent$/)
  })

  it('is not named where it was a SACK that is for data that was never sent', () => {
    const peer = withoutMarks()
    const sack = chunk(Type.SACK, 0, Uint8Array.of(...shutdownOf(peer, 1).value, 0, 1, 0, 0, 0, 0, 0, 0))
    assert.deepEqual(typesOf(peer.send(sack)), [Type.ABORT])
    assert.match(peer.member.error!.message, /: a SACK acknowledges data that was never sent$/)
  })

  it('takes no more data from the peer that has sent it', () => {
    const peer = withoutMarks()
    peer.send(shutdownOf(peer))
    peer.send(peer.data())
    assert.deepEqual(peer.member.log, ['up', 'end'])
  })

  it('ACK and COMPLETE mean nothing to an association that is open (sections 8.5.1, C and E)', () => {
    const peer = withoutMarks()
    assert.deepEqual(peer.send(chunk(Type.SHUTDOWN_ACK)), [])
    assert.deepEqual(peer.send(chunk(Type.SHUTDOWN_COMPLETE)), [])
    assert.equal(stateOf(peer), 'ESTABLISHED')
  })

  it('COMPLETE means nothing in SHUTDOWN-SENT', () => {
    const peer = withoutMarks()
    end(peer)
    peer.send(chunk(Type.SHUTDOWN_COMPLETE))
    assert.equal(stateOf(peer), 'SHUTDOWN-SENT')
  })

  it('COMPLETE with the T bit must have the tag of the peer (section 8.5.1, C)', () => {
    const peer = withoutMarks()
    end(peer)
    peer.send(shutdownOf(peer))
    peer.send(chunk(Type.SHUTDOWN_COMPLETE, Flag.T))
    peer.sendWith({ tag: HAND_TAG }, chunk(Type.SHUTDOWN_COMPLETE))
    assert.equal(stateOf(peer), 'SHUTDOWN-ACK-SENT')
    peer.sendWith({ tag: HAND_TAG }, chunk(Type.SHUTDOWN_COMPLETE, Flag.T))
    assert.equal(peer.member.log.at(-1), 'closed')
  })
})

describe('ABORT (RFC 9260, sections 8.5.1, B and 9.1)', () => {
  it('ends the association with what its cause says, and is not answered', () => {
    const peer = accepted(new Site())
    assert.deepEqual(peer.send(abort([{ type: 12, value: new TextEncoder().encode('no more') }])), [])
    assert.deepEqual(peer.member.log, ['up', 'closed CONNECTION_RESET'])
    assert.match(peer.member.error!.message, /no more/)
  })

  it('with the T bit must have the tag of the peer, and without it the own', () => {
    const peer = accepted(new Site())
    peer.send(abort([], Flag.T))
    peer.sendWith({ tag: HAND_TAG }, abort())
    assert.equal(stateOf(peer), 'ESTABLISHED')
    peer.sendWith({ tag: HAND_TAG }, abort([], Flag.T))
    assert.deepEqual(peer.member.log, ['up', 'closed CONNECTION_RESET'])
  })

  it('without a cause is told as what it is: a refusal, a peer that has forgotten, or one that breaks off', () => {
    const waiting = new HandPeer(new Site())
    const dialling = waiting.site.dial()
    waiting.takeInit()
    waiting.send(abort())
    assert.match(dialling.error!.message, /refused the association.*nobody listens on its SCTP port/)
    const forgotten = accepted(new Site())
    forgotten.sendWith({ tag: HAND_TAG }, abort([], Flag.T))
    assert.match(
      forgotten.member.error!.message,
      /knows nothing of the association; it may have been restarted/,
    )
    const broken = accepted(new Site())
    broken.send(abort())
    assert.match(broken.member.error!.message, /aborted the association and gave no reason/)
  })

  it('is the last of its packet that is read', () => {
    const peer = accepted(new Site())
    peer.send(peer.data(), abort(), peer.data())
    assert.equal(peer.member.data.length, 1)
  })

  it('leaves with the tag of the peer, once, when the user breaks off', () => {
    const peer = accepted(new Site())
    peer.member.association.abort({ code: 12, info: new Uint8Array(0) })
    peer.member.onTouched()
    peer.site.flush()
    const [packet, ...more] = peer.site.take()
    assert.equal(packet?.tag, HAND_TAG)
    assert.deepEqual(packet?.chunks, [abort([{ type: 12, value: new Uint8Array(0) }])])
    assert.deepEqual(more, [])
    assert.deepEqual(peer.member.log, ['up'])
  })
})
