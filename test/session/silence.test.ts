import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JoinedEnds } from './joined-ends.ts'
import { datagramsOf } from './support.ts'

/** A client whose line takes what it is given, later, and from which nothing comes. */
function withSlowLine(): JoinedEnds['client'] {
  const ends = new JoinedEnds()
  ends.attach()
  ends.settle()
  ends.client.slow = true
  assert(ends.client.end.lookForLife(), 'what had come before is heard')
  return ends.client
}

describe('the watch over silence', () => {
  it('gives up a line that takes all that it is given, PING included, and brings nothing', () => {
    const client = withSlowLine()
    const looks = [1, 2, 3, 4].map(() => {
      client.send(...datagramsOf([10]))
      client.pass()
      const isHeard = client.end.lookForLife()
      client.pass()
      return isHeard
    })
    assert.deepEqual(looks, [true, true, true, false])
  })

  it('is broken by an ACK for each quarter of the limit in which a part of a frame came', () => {
    const ends = new JoinedEnds({ bytes: 1_000_000, messages: 100 }, { bytes: 1_000_000, messages: 100 })
    ends.attach()
    ends.settle()
    const bytes = datagramsOf([500_000])[0]!.encode()
    ends.client.end.write([bytes], bytes.length, 1, 0)
    for (let looks = 1; looks <= 20; looks++) {
      ends.deliver('server', 1000)
      assert(ends.server.end.lookForLife())
      assert.equal(ends.server.outbox.length, looks === 1 ? 0 : 1, `at look ${looks}`)
      ends.deliver('client')
      assert(ends.client.end.lookForLife(), `at look ${looks}`)
    }
    assert(ends.server.end.lookForLife())
    assert.equal(ends.server.outbox.length, 0, 'an ACK though nothing came')
  })

  it('waits as long as PING has to wait for the end of a frame and the line takes more of it', () => {
    const client = withSlowLine()
    const [frame] = datagramsOf([50_000])
    const bytes = frame!.encode()
    client.end.write([bytes.subarray(0, 10)], 10, 1, bytes.length - 10)
    for (let at = 10, looks = 1; looks <= 20; at += 1000, looks++) {
      client.end.write([bytes.subarray(at, at + 1000)], 1000, 1, bytes.length - at - 1000)
      client.pass()
      assert(client.end.lookForLife(), `look ${looks}`)
    }
  })
})
