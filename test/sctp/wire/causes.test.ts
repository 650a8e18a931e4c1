import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { cause, causeWithText, describeCauses, readCauses } from '../../../src/transport/sctp/wire/causes.ts'
import { concat, encodeTlv, encodeTlvs, u16 } from '../support/packets.ts'

const read = (bytes: Uint8Array) => readCauses(bytes, 0, bytes.length)

describe('error causes (RFC 9260, section 3.3.10)', () => {
  it('are read in order', () => {
    const bytes = encodeTlvs([
      { type: 12, value: Uint8Array.of(65, 66, 67) },
      { type: 3, value: Uint8Array.of(0, 0, 0, 9) },
    ])
    assert.deepEqual(read(bytes), [cause(12, Uint8Array.of(65, 66, 67)), cause(3, Uint8Array.of(0, 0, 0, 9))])
  })

  it('are read until one is malformed', () => {
    const good = encodeTlv({ type: 6, value: new Uint8Array(4) })
    for (const length of [0, 3, 5, 65_535]) {
      assert.equal(read(concat(good, u16(1), u16(length))).length, 1, `length ${length}`)
    }
  })

  it('are read only up to the sixteenth', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => ({ type: i, value: new Uint8Array(0) }))
    assert.deepEqual(
      read(encodeTlvs(many)).map(({ code }) => code),
      Array.from({ length: 16 }, (_, i) => i),
    )
  })

  it('never throw, whatever they are', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), bytes => void describeCauses(read(bytes))))
  })

  it('are described by the first of them, and by its text only where that is one', () => {
    assert.equal(describeCauses([]), 'no cause given')
    assert.equal(describeCauses([causeWithText(12, 'enough'), cause(3)]), 'enough')
    assert.equal(describeCauses([causeWithText(3, 'secret')]), 'stale cookie')
    assert.equal(describeCauses([cause(999)]), 'cause 999')
  })

  it('are described without what could harm a terminal, and not at length', () => {
    const text = describeCauses([causeWithText(13, `\u001b[2J\n${'x'.repeat(60_000)}`)])
    assert.match(text, /^protocol violation: \?\[2J\?x+$/)
    assert.ok(text.length < 300)
  })
})
