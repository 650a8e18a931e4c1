import assert from 'node:assert/strict'
import { test } from 'node:test'
import { datagramJson, datagramLine } from '../../src/cli/datagram-line.ts'
import { answerProblem, payloadOf } from '../../src/cli/ping-payload.ts'
import { RoundTrips } from '../../src/cli/round-trips.ts'
import { ConnectDatagram } from '../../src/index.ts'

test('text is shown as it is, on one line', () => {
  assert.equal(
    datagramLine(new ConnectDatagram(3, 'a\tb\r\nü 👩‍🚀')),
    'recipient 3, 19 bytes: a\\tb\\r\\nü 👩‍🚀',
  )
})

test('what could control a terminal is shown in hex', () => {
  assert.equal(datagramLine(new ConnectDatagram(0, '\x1b[2J')), 'recipient 0, 4 bytes: hex 1b5b324a')
})

test('of other data the first 32 bytes are shown', () => {
  const line = datagramLine(new ConnectDatagram(0, new Uint8Array(33).fill(0xff)))
  assert.equal(line, `recipient 0, 33 bytes: hex ${'ff'.repeat(32)}...`)
})

test('JSON keeps every byte, a byte order mark too', () => {
  for (const data of [Uint8Array.of(0xef, 0xbb, 0xbf, 65), Uint8Array.of(0xc3), Uint8Array.of(0, 27, 10)]) {
    const { text, data: base64 } = JSON.parse(datagramJson(1, new ConnectDatagram(0, data)))
    const bytes = text === undefined ? Buffer.from(base64, 'base64') : Buffer.from(text)
    assert.deepEqual(bytes, Buffer.from(data))
  }
})

test('an answer must be what was sent', () => {
  const payload = payloadOf(5, 300)
  const problem = (recipient: number, data: Uint8Array) =>
    answerProblem(new ConnectDatagram(recipient, data), 5, 2, payload)
  assert.equal(problem(2, payloadOf(5, 300)), undefined)
  assert.match(problem(3, payload)!, /recipient/)
  assert.match(problem(2, payloadOf(5, 299))!, /300 bytes were sent, 299 came back/)
  assert.match(problem(2, payloadOf(6, 300))!, /sequence number 6/)
  assert.match(problem(2, payloadOf(5, 300).fill(1, 299))!, /other bytes/)
  assert.match(answerProblem(undefined, 5, 2, payload)!, /ended/)
})

test('statistics are those of the round trips', () => {
  const trips = new RoundTrips()
  assert.deepEqual(trips.summary().minMs, null)
  for (let ms = 100; ms >= 1; ms--) trips.add(ms)
  assert.deepEqual(trips.summary(), {
    roundTrips: 100,
    minMs: 1,
    avgMs: 50.5,
    p50Ms: 50,
    p99Ms: 99,
    maxMs: 100,
  })
})
