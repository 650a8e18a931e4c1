import { bytesOf } from '../../support/data.ts'
import { sack, shutdown, Type } from './chunks.ts'
import { accepted, dialled, HandPeer, handInitAck } from './hand-peer.ts'
import { Site, type SiteOptions } from './site.ts'

/** Associations in every state that a packet can meet, each with a peer that is played by hand. */
export type Fixture = (options: SiteOptions) => HandPeer

/** Lets the site send, and counts what data it has sent. */
export function touch(peer: HandPeer): HandPeer {
  peer.member.onTouched()
  peer.site.flush()
  for (const { type, value } of peer.chunks()) {
    if (type !== Type.DATA) continue
    const tsn = new DataView(value.buffer).getUint32(0)
    peer.sentCount = Math.max(peer.sentCount, ((tsn - peer.siteTsn) | 0) + 1)
  }
  return peer
}

export function ending(peer: HandPeer): HandPeer {
  peer.member.ended = true
  peer.member.association.end(peer.site.now)
  return touch(peer)
}

function sending(peer: HandPeer, byteLength: number): HandPeer {
  peer.member.association.send([bytesOf(byteLength)])
  return touch(peer)
}

const before = (peer: HandPeer): number => (peer.siteTsn - 1) >>> 0

function listening(options: SiteOptions): HandPeer {
  const peer = new HandPeer(new Site(options).listen())
  peer.cookie()
  return peer
}

function waiting(options: SiteOptions): HandPeer {
  const site = new Site(options).listen()
  const peer = new HandPeer(site)
  peer.member = site.dial()
  peer.takeInit()
  return peer
}

function echoed(options: SiteOptions): HandPeer {
  const peer = waiting(options)
  peer.send(handInitAck())
  return peer
}

function withGaps(options: SiteOptions): HandPeer {
  const peer = sending(accepted(new Site(options)), 20_000)
  const chunks = Array.from({ length: 30 }, (_, i) => peer.data(bytesOf(1 + 20 * i)))
  peer.send(...chunks.filter((_, i) => i % 3 !== 0))
  peer.tsn = (peer.tsn - 30) >>> 0
  return peer
}

function notTaking(options: SiteOptions): HandPeer {
  const peer = accepted(new Site({ ...options, windowBytes: 4000 }))
  peer.member.takes = false
  return peer
}

function probing(options: SiteOptions): HandPeer {
  const peer = accepted(new Site(options))
  peer.send(sack({ tsn: before(peer), window: 0 }))
  return sending(peer, 5000)
}

const withoutMarks = (options: SiteOptions): HandPeer => accepted(new Site(options), { parameters: [] })

function acknowledging(options: SiteOptions): HandPeer {
  const peer = ending(withoutMarks(options))
  peer.send(shutdown(before(peer)))
  return peer
}

function receiving(options: SiteOptions): HandPeer {
  const peer = withoutMarks(options)
  peer.send(shutdown(before(peer)))
  return sending(peer, 5000)
}

export const fixtures: Readonly<Record<string, Fixture>> = {
  listening,
  'COOKIE-WAIT': waiting,
  'COOKIE-ECHOED': echoed,
  ESTABLISHED: options => accepted(new Site(options)),
  'ESTABLISHED, dialled': options => dialled(new Site(options)),
  'ESTABLISHED, without marks': withoutMarks,
  'ESTABLISHED, sending': options => sending(accepted(new Site(options)), 50_000),
  'ESTABLISHED, with gaps': withGaps,
  'ESTABLISHED, not taking': notTaking,
  'ESTABLISHED, probing a closed window': probing,
  'ESTABLISHED, ended by its mark': options => ending(sending(accepted(new Site(options)), 3000)),
  'SHUTDOWN-PENDING': options => ending(sending(withoutMarks(options), 5000)),
  'SHUTDOWN-SENT': options => ending(withoutMarks(options)),
  'SHUTDOWN-RECEIVED': receiving,
  'SHUTDOWN-ACK-SENT': acknowledging,
}
