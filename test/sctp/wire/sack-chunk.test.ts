import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ChunkReader } from '../../../src/transport/sctp/wire/chunk-reader.ts'
import { gapEnd, gapStart, readSack, type Sack } from '../../../src/transport/sctp/wire/sack-chunk.ts'
import { sack } from '../support/chunks.ts'
import { type Chunk, concat, encodePacket } from '../support/packets.ts'

function read(chunk: Chunk): Sack | undefined {
  const reader = new ChunkReader()
  reader.open(encodePacket({ sourcePort: 1, destinationPort: 2, tag: 3, chunks: [chunk] }))
  assert.ok(reader.next())
  return readSack(reader)
}

describe('SACK (RFC 9260, section 3.3.4)', () => {
  it('gives back what it says', () => {
    const read1 = read(
      sack({
        tsn: 0xfffffff0,
        window: 0xffffffff,
        gaps: [
          [2, 3],
          [5, 9],
        ],
        duplicates: [1, 2, 3],
      }),
    )
    assert.ok(read1 !== undefined)
    assert.equal(read1.cumulativeTsn >>> 0, 0xfffffff0)
    assert.equal(read1.window, 0xffffffff)
    assert.deepEqual(
      [0, 1].map(i => [gapStart(read1, i), gapEnd(read1, i)]),
      [
        [2, 3],
        [5, 9],
      ],
    )
    assert.equal(read1.gapCount, 2)
    assert.equal(read1.duplicateCount, 3)
  })

  it('is refused when its counts do not fit its length', () => {
    const { value } = sack({ gaps: [[2, 3]], duplicates: [5] })
    for (let length = 0; length < value.length; length++) {
      assert.equal(read({ type: 3, flags: 0, value: value.slice(0, length) }), undefined, `${length} bytes`)
    }
    assert.equal(read({ type: 3, flags: 0, value: concat(value, new Uint8Array(4)) }), undefined)
  })

  const disorder: readonly (readonly [string, readonly (readonly [number, number])[]])[] = [
    ['end before they start', [[5, 4]]],
    ['begin at 0', [[0, 3]]],
    [
      'descend',
      [
        [9, 10],
        [2, 3],
      ],
    ],
    [
      'overlap',
      [
        [2, 5],
        [5, 9],
      ],
    ],
    [
      'are the same',
      [
        [2, 3],
        [2, 3],
      ],
    ],
    [
      'lie in each other',
      [
        [2, 9],
        [3, 4],
      ],
    ],
  ]
  for (const [what, gaps] of disorder) {
    it(`is refused when gap blocks ${what}`, () => assert.equal(read(sack({ gaps })), undefined))
  }

  it('may have as many gap blocks as a packet has room for', () => {
    const gaps = Array.from({ length: 16_000 }, (_, i): [number, number] => [2 * i + 2, 2 * i + 2])
    assert.equal(read(sack({ gaps }))?.gapCount, 16_000)
  })
})
