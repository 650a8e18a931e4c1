import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { ConnectError, Connection, Listener, ListenOptions } from '../../../../src/index.ts'
import { loadEngine } from '../../../../src/transport/dtls-sctp/engine/load-engine.ts'
import { dtlsSctp } from '../../../support/media.ts'
import { openClient, openListener } from '../../../support/pairs.ts'
import { sleep } from '../../../support/waiting.ts'
import { echo, serveEcho } from './echo.ts'
import { type Treatment, UdpRelay, type Way } from './udp-relay.ts'

/** A connection over a relay whose listener echoes; datagrams can be sent to either end as if by the other. */
export class LivePair {
  readonly listener: Listener
  readonly relay: UdpRelay
  readonly client: Connection
  /** What the listener was told. */
  readonly rejected: ConnectError[]
  #echoed = 0

  static async open(t: TestContext, treat?: Treatment, options: ListenOptions = {}): Promise<LivePair> {
    const rejected: ConnectError[] = []
    const onRejected = (error: ConnectError): unknown => rejected.push(error)
    const listener = await openListener(t, dtlsSctp, { onRejected, ...options })
    void serveEcho(t, listener)
    const relay = await UdpRelay.open(t, listener.address, treat)
    const client = await openClient(t, dtlsSctp, relay.address)
    return new LivePair(listener, relay, client, rejected)
  }

  private constructor(listener: Listener, relay: UdpRelay, client: Connection, rejected: ConnectError[]) {
    this.listener = listener
    this.relay = relay
    this.client = client
    this.rejected = rejected
  }

  /** Sends messages and takes each of them back. */
  async echo(count: number): Promise<void> {
    const from = this.#echoed
    this.#echoed += count
    await echo(this.client, count, from)
  }

  /** Echoes while the attack goes on and 1,000 messages after it. Nothing else must have become of it. */
  async assertOutlives(attack: Promise<void>): Promise<void> {
    const { alive } = await loadEngine()
    let isOver = false
    const over = attack.finally(() => {
      isOver = true
    })
    while (!isOver) await this.echo(20)
    await over
    await this.echo(1000)
    // One of them looks at hellos, for all peers.
    assert((await loadEngine()).alive <= alive + 1, 'native objects are left behind')
    assert.deepEqual(this.rejected, [])
  }

  /** Sends datagrams to the end that they are for, not so fast that they push out what the ends send. */
  async inject(datagrams: Iterable<readonly [Way, Uint8Array]>): Promise<void> {
    let bytes = 0
    for (const [way, datagram] of datagrams) {
      await this.relay.inject(datagram, way)
      bytes += datagram.length + 500
      if (bytes < 50_000) continue
      bytes = 0
      await sleep(1)
    }
  }
}
