import assert from 'node:assert/strict'
import { bytesOf } from '../../support/data.ts'
import { chunk, init, readInit, Type } from './chunks.ts'
import { recordCorpus } from './corpus.ts'
import { ending, type Fixture, fixtures, touch } from './fixtures.ts'
import { HandPeer } from './hand-peer.ts'
import { Mutator } from './mutator.ts'
import { decodePacket } from './packets.ts'

/** Answers to one packet, and to the time that passes behind it, before something counts as a flood. */
const MOST_ANSWERS = 200

/** Packets that one association gets at most before it is made anew. */
const MOST_FOR_ONE = 100

const DATA = bytesOf(5000)

export interface MutationResult {
  /** Packets that each fixture was given. */
  readonly given: ReadonlyMap<string, number>
  /** How associations ended, and how many lived on. */
  readonly ends: ReadonlyMap<string, number>
  readonly answers: number
}

/** One association under fire. */
class Target {
  readonly peer: HandPeer
  given = 0

  constructor(fixture: Fixture, seed: number, mutator: Mutator) {
    this.peer = fixture({
      seed,
      heartbeatIntervalMs: mutator.chance(0.3) ? 1000 : 0,
      largestPacketBytes: 2048,
    })
    this.peer.site.sent.length = 0
  }

  get isOver(): boolean {
    return (
      this.given >= MOST_FOR_ONE ||
      (this.peer.member !== undefined && this.peer.member.association.state === 'CLOSED')
    )
  }

  get end(): string {
    const { member } = this.peer
    if (member === undefined) return 'listening'
    return member.association.state === 'CLOSED' ? (member.log.at(-1) ?? 'closed') : 'lives'
  }
}

function fire(target: Target, mutator: Mutator): number {
  const { site } = target.peer
  target.given++
  target.peer.deliver(mutator.packetFor(target.peer))
  if (mutator.chance(0.005)) target.peer.deliver(cookieEchoOf(target.peer))
  if (mutator.chance(0.2)) site.advance(mutator.below(mutator.chance(0.1) ? 70_000 : 400))
  use(target.peer, mutator)
  const { length } = site.sent
  assert.ok(length < MOST_ANSWERS, `${length} packets in answer to one`)
  for (const { bytes } of site.sent.splice(0)) if (mutator.chance(0.2)) decodePacket(bytes)
  return length
}

/** What the user of the association does meanwhile. */
function use(peer: HandPeer, mutator: Mutator): void {
  const { member, site } = peer
  if (member === undefined || !mutator.chance(0.1)) return
  if (!member.ended && mutator.chance(0.7)) {
    member.association.send([DATA.subarray(0, mutator.below(DATA.length))])
  } else if (!member.ended && member.log[0] === 'up' && mutator.chance(0.1)) ending(peer)
  else {
    member.association.consumed(member.receivedBytes, site.now)
    member.receivedBytes = 0
  }
  touch(peer)
}

/** COOKIE ECHO with a cookie that the site gives to whoever asks, if it gives one now. */
function cookieEchoOf({ site, port }: HandPeer): Uint8Array {
  site.sent.length = 0
  const other = new HandPeer(site, undefined, port)
  const answer = other.sendWith({ tag: 0 }, init()).find(({ type }) => type === Type.INIT_ACK)
  if (answer === undefined) return new Uint8Array(0)
  const { tag, parameters } = readInit(answer)
  return other.encode([chunk(Type.COOKIE_ECHO, 0, parameters.find(({ type }) => type === 7)!.value)], { tag })
}

/**
 * Fires so many mutated packets at associations in every state. Throws where one throws, hangs, answers without end or
 * sets a timer that is due again and again; the message says the seed.
 */
export function fireMutations(
  count: number,
  seed: number,
  onProgress?: (fired: number) => void,
): MutationResult {
  const mutator = new Mutator(recordCorpus(), seed)
  const given = new Map<string, number>()
  const ends = new Map<string, number>()
  let answers = 0
  for (let fired = 0; fired < count; ) {
    const names = Object.keys(fixtures)
    const name = names[mutator.below(names.length)]!
    const target = new Target(fixtures[name]!, fired + 1, mutator)
    try {
      for (; !target.isOver && fired < count; fired++) answers += fire(target, mutator)
    } catch (cause) {
      throw new Error(`seed ${seed}: packet ${fired}, to ${name}, number ${target.given} for it`, { cause })
    }
    given.set(name, (given.get(name) ?? 0) + target.given)
    ends.set(target.end, (ends.get(target.end) ?? 0) + 1)
    onProgress?.(fired)
  }
  return { given, ends, answers }
}
