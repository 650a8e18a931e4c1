import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failOnLeaks } from '../support/leaks.ts'
import { inSession, tcp } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { gone, rawClient } from '../support/raw-peers.ts'
import { until, within } from '../support/waiting.ts'

const medium = inSession(tcp)

/** All but the header is left zero. */
const HELLO = new Uint8Array(100)
HELLO.set([0, 0, 0, 96, 0, 2, 0, 1])

describe('a guest of a listener with sessions', () => {
  failOnLeaks()

  for (const bytes of [0, 1, 50]) {
    it(`that ends its direction after ${bytes} bytes of a HELLO is let go, and its place is free again`, async t => {
      const rejected: string[] = []
      const listener = await openListener(t, medium, {
        maxConnections: 1,
        onRejected: ({ code }) => rejected.push(code),
      })
      const guest = await rawClient(t, listener.address)
      guest.end(HELLO.subarray(0, bytes))
      await within(gone(guest), 'the end of the connection')
      await until(() => rejected.length > 0, 'onRejected is told')
      assert.deepEqual(rejected, ['CONNECTION_RESET'])
      const accepted = acceptOne(t, listener)
      await openClient(t, medium, listener.address)
      await accepted
    })
  }
})
