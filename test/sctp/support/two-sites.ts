import assert from 'node:assert/strict'
import type { PeerAddress } from '../../../src/transport/sctp/endpoint/peer-address.ts'
import { SITE_PORT, Site, type SiteMember, type SiteOptions } from './site.ts'

const LEFT: PeerAddress = { address: '192.0.2.10', port: 1010 }
const RIGHT: PeerAddress = { address: '192.0.2.20', port: 2020 }

/** Who sees each packet, and may lose it by returning false. */
export type Watch = (bytes: Uint8Array, fromLeft: boolean) => boolean

/** Two of our endpoints and a network without delay between them. The left one dials, the right one listens. */
export class TwoSites {
  readonly left: Site
  readonly right: Site
  readonly dialler: SiteMember
  readonly #watch: Watch

  constructor(watch: Watch = () => true, options: SiteOptions = {}) {
    this.left = new Site({ seed: 11, ...options })
    this.right = new Site({ seed: 22, ...options }).listen()
    this.#watch = watch
    this.dialler = this.left.dial(RIGHT, SITE_PORT)
    this.deliver()
  }

  get accepted(): SiteMember {
    return this.right.members[0]!
  }

  send(member: SiteMember, bytes: Uint8Array): void {
    member.association.send([bytes])
    this.#flush(member)
  }

  end(member: SiteMember): void {
    member.association.end(this.left.now)
    this.#flush(member)
  }

  /** Lets packets cross until there are none. */
  deliver(): void {
    for (let round = 0; round < 10_000; round++) {
      const toRight = this.left.sent.splice(0)
      const toLeft = this.right.sent.splice(0)
      if (toRight.length === 0 && toLeft.length === 0) return
      for (const { bytes } of toRight) if (this.#watch(bytes, true)) this.right.receive(bytes, LEFT)
      for (const { bytes } of toLeft) if (this.#watch(bytes, false)) this.left.receive(bytes, RIGHT)
    }
    assert.fail('packets without end')
  }

  /** Time passes at both, timer by timer, and packets cross. */
  advance(ms: number): void {
    const end = this.left.now + ms
    for (let step = 0; step < 10_000; step++) {
      const at = Math.min(this.left.nextTimer(), this.right.nextTimer(), end)
      const wait = Math.max(0, at - this.left.now)
      this.left.advance(wait)
      this.right.advance(wait)
      this.deliver()
      if (this.left.now >= end) return
    }
    assert.fail('timers without end')
  }

  #flush(member: SiteMember): void {
    member.onTouched()
    this.left.flush()
    this.right.flush()
    this.deliver()
  }
}
