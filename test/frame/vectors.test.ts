import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ConnectDatagram } from '../../src/frame/datagram.ts'
import { decodeAll, sameDatagrams } from './support.ts'
import { concat, twinDecode, twinEncode } from './twin.ts'

interface Frame {
  readonly name: string
  readonly recipient: number
  readonly version: number
  readonly dataUtf8?: string
  readonly dataHex?: string
  readonly frameHex: string
}

interface Stream {
  readonly name: string
  readonly recipient: number
  readonly count: number
  readonly totalBytes: number
  readonly sha256: string
}

const path = new URL('../vectors/connect-rs.json', import.meta.url)
const vectors = JSON.parse(readFileSync(path, 'utf8')) as { frames: Frame[]; streams: Stream[] }

describe('bytes captured from connect-rs', () => {
  it('are there', () => {
    assert.equal(vectors.frames.length, 3)
    assert.equal(vectors.streams.length, 1)
  })

  for (const { name, recipient, version, dataUtf8, dataHex, frameHex } of vectors.frames) {
    const frame = Uint8Array.from(Buffer.from(frameHex, 'hex'))
    const data = Uint8Array.from(
      dataUtf8 === undefined ? Buffer.from(dataHex!, 'hex') : Buffer.from(dataUtf8, 'utf8'),
    )

    it(`are what encode makes: ${name}`, () => {
      assert.deepEqual(new ConnectDatagram(recipient, data).encode(), frame)
      if (dataUtf8 !== undefined) assert.deepEqual(new ConnectDatagram(recipient, dataUtf8).encode(), frame)
      assert.deepEqual(twinEncode({ recipient, data }), frame)
    })

    it(`are what decode reads: ${name}`, () => {
      const datagram = ConnectDatagram.decode(frame)
      assert.equal(datagram.version, version)
      assert.equal(datagram.recipient, recipient)
      assert.deepEqual(datagram.data, data)
      if (dataUtf8 !== undefined) assert.equal(datagram.text(), dataUtf8)
      sameDatagrams(decodeAll([frame]).datagrams, [{ recipient, data }])
    })
  }

  for (const { name, recipient, count, totalBytes, sha256 } of vectors.streams) {
    const datas = Array.from({ length: count }, (_, i) => Uint8Array.of(i >> 8, i & 255))

    it(`are the same as a whole stream: ${name}`, () => {
      const stream = concat(datas.map(data => new ConnectDatagram(recipient, data).encode()))
      assert.equal(stream.length, totalBytes)
      assert.equal(createHash('sha256').update(stream).digest('hex'), sha256)
      assert.deepEqual(concat(datas.map(data => twinEncode({ recipient, data }))), stream)

      const expected = datas.map(data => ({ recipient, data }))
      assert.deepEqual(twinDecode(stream).datagrams, expected)
      const chunks: Uint8Array[] = []
      for (let at = 0; at < stream.length; at += 1009) chunks.push(stream.slice(at, at + 1009))
      sameDatagrams(decodeAll(chunks).datagrams, expected)
    })
  }
})
