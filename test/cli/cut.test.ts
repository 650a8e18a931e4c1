import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutEvenly, cutLines } from '../../src/cli/cut.ts'

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const size of sizes) {
    yield bytes.subarray(at, at + size)
    at += size
  }
  yield bytes.subarray(at)
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer[]> {
  const list: Buffer[] = []
  for await (const piece of pieces) list.push(Buffer.from(piece))
  return list
}

const input = fc.record({
  bytes: fc.array(fc.constantFrom(10, 65, 66), { maxLength: 200 }).map(list => Uint8Array.from(list)),
  sizes: fc.array(fc.nat(30), { maxLength: 20 }),
})

test('pieces are even, whatever the chunks', async () => {
  await fc.assert(
    fc.asyncProperty(input, fc.integer({ min: 1, max: 50 }), async ({ bytes, sizes }, pieceBytes) => {
      const pieces = await collect(cutEvenly(chunksOf(bytes, sizes), pieceBytes))
      assert.deepEqual(Buffer.concat(pieces), Buffer.from(bytes))
      const last = pieces.pop()
      assert.ok(pieces.every(piece => piece.length === pieceBytes))
      assert.ok(last === undefined || (last.length > 0 && last.length <= pieceBytes))
    }),
  )
})

test('lines are those of split, whatever the chunks', async () => {
  await fc.assert(
    fc.asyncProperty(input, async ({ bytes, sizes }) => {
      const lines = await collect(cutLines(chunksOf(bytes, sizes)))
      const expected = Buffer.from(bytes).toString().split('\n')
      if (expected.at(-1) === '') expected.pop()
      assert.deepEqual(lines.map(String), expected)
    }),
  )
})

test('a line that no datagram can hold is an error', async () => {
  const chunk = Buffer.alloc(50_000_001, 65)
  async function* endless() {
    for (let i = 0; i < 10; i++) yield chunk
  }
  await assert.rejects(collect(cutLines(endless())), { code: 'MESSAGE_TOO_LARGE' })
})

test('any number of bytes may lie before and behind line feeds: only one line counts', async () => {
  const chunk = Buffer.alloc(1_000_000, 65)
  chunk[1] = 10
  async function* many() {
    for (let i = 0; i < 250; i++) yield chunk
  }
  let lines = 0
  for await (const line of cutLines(many())) {
    assert.equal(line.length, lines === 0 ? 1 : lines === 250 ? 999_998 : 999_999)
    lines++
  }
  assert.equal(lines, 251)
})

test('a line that a datagram can just hold is one', async () => {
  const [line] = await collect(cutLines(chunksOf(Buffer.alloc(100_000_000, 65), [50_000_000])))
  assert.equal(line?.length, 100_000_000)
})
