import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ConnectDatagram } from '../../src/frame/datagram.ts'
import { FrameDecoder } from '../../src/frame/decoder.ts'
import {
  chunkLengths,
  coded,
  cut,
  decodeAll,
  plain,
  sameDatagrams,
  someBytes,
  twinDatagram,
} from './support.ts'
import { concat, twinDecode, twinEncode } from './twin.ts'

/** A header as the peer would send it, whatever it says. */
function header(size: number, version = 1, recipient = 0): Uint8Array {
  const view = new DataView(new ArrayBuffer(8))
  view.setUint32(0, size)
  view.setUint16(4, version)
  view.setUint16(6, recipient)
  return new Uint8Array(view.buffer)
}

describe('the decoder and its twin', () => {
  it('give back any datagrams from any chunks', () => {
    fc.assert(
      fc.property(fc.array(twinDatagram, { maxLength: 12 }), chunkLengths, (datagrams, lengths) => {
        const { datagrams: decoded, error } = decodeAll(cut(concat(datagrams.map(twinEncode)), lengths))
        assert.equal(error, undefined)
        sameDatagrams(decoded, datagrams)
      }),
      { numRuns: 200 },
    )
  })

  it('give back any datagrams from single bytes', () => {
    fc.assert(
      fc.property(fc.array(twinDatagram, { maxLength: 3 }), datagrams => {
        const stream = concat(datagrams.map(twinEncode))
        const decoder = new FrameDecoder(100_000_000)
        const decoded: ConnectDatagram[] = []
        for (let i = 0; i < stream.length; i++) decoder.push(stream.slice(i, i + 1), decoded)
        decoder.end()
        sameDatagrams(decoded, datagrams)
      }),
      { numRuns: 25 },
    )
  })

  it('give back large datagrams that are read to where they belong', () => {
    const large = fc.tuple(fc.nat(65535), fc.integer({ min: 1, max: 1_500_000 }))
    const lengths = fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 20 })
    let readInPlace = 0
    fc.assert(
      fc.property(fc.array(large, { minLength: 1, maxLength: 3 }), lengths, (sizes, cuts) => {
        const datagrams = sizes.map(([recipient, length]) => ({ recipient, data: someBytes(length) }))
        const stream = concat(datagrams.map(twinEncode))
        const decoder = new FrameDecoder(100_000_000, length => new Uint8Array(length).fill(0xdb))
        const decoded: ConnectDatagram[] = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const room = decoder.room()
          const bytes = stream.subarray(at, at + Math.min(cuts[i % cuts.length]!, room?.length ?? Infinity))
          if (room === undefined) decoder.push(bytes.slice(), decoded)
          else {
            room.set(bytes)
            decoder.push(room.subarray(0, bytes.length), decoded)
            readInPlace += bytes.length
          }
          at += bytes.length
        }
        decoder.end()
        sameDatagrams(decoded, datagrams)
      }),
      { numRuns: 60 },
    )
    assert.ok(readInPlace > 1_000_000, `${readInPlace} bytes were read in place`)
  })

  it('say the same of garbage, cut anywhere', () => {
    const piece = fc.oneof(
      { weight: 2, arbitrary: fc.uint8Array({ maxLength: 30 }) },
      { weight: 4, arbitrary: twinDatagram.map(twinEncode) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(
            fc.constantFrom(0, 1, 4, 5, 6, 12, 50, 1004, 1005, 0x7fffffff, 0x80000000, 0xffffffff),
            fc.constantFrom(0, 1, 1, 1, 1, 2, 256, 65535),
            fc.nat(65_535),
          )
          .map(([size, version, recipient]) => header(size, version, recipient)),
      },
    )
    const limit = fc.constantFrom(1, 46, 47, 1000, 1001, 100_000_000)
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), chunkLengths, limit, (pieces, lengths, most) => {
        const stream = concat(pieces)
        const expected = twinDecode(stream, most)
        const { datagrams, error } = decodeAll(cut(stream, lengths), most)
        sameDatagrams(datagrams, expected.datagrams)
        assert.equal(error?.code, expected.fault ?? (expected.midFrame ? 'STREAM_TRUNCATED' : undefined))
      }),
      { numRuns: 600 },
    )
  })

  it('find a fault in the same chunk, the first that shows it', () => {
    const stream = fc
      .tuple(fc.array(twinDatagram, { maxLength: 2 }), fc.uint8Array({ minLength: 1, maxLength: 20 }))
      .map(([datagrams, garbage]) => concat([...datagrams.map(twinEncode), garbage]))
      .filter(bytes => bytes.length < 20_000)
    fc.assert(
      fc.property(stream, chunkLengths, (bytes, lengths) => {
        const chunks = cut(bytes, lengths)
        const { error, at } = decodeAll(chunks)
        const shows = chunks.findIndex(
          (_, i) => twinDecode(concat(chunks.slice(0, i + 1))).fault !== undefined,
        )
        assert.equal(at, shows < 0 ? chunks.length : shows)
        if (shows >= 0) assert.notEqual(error, undefined)
      }),
      { numRuns: 200 },
    )
  })

  it('agree about being inside a frame after every chunk', () => {
    fc.assert(
      fc.property(fc.array(twinDatagram, { maxLength: 3 }), chunkLengths, (datagrams, lengths) => {
        const stream = concat(datagrams.map(twinEncode))
        const decoder = new FrameDecoder(100_000_000)
        let at = 0
        for (const chunk of cut(stream, lengths)) {
          decoder.push(chunk, [])
          at += chunk.length
          assert.equal(decoder.midFrame, twinDecode(stream.slice(0, at)).midFrame)
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('the decoder', () => {
  it('waits for the rest of a frame split inside its header or its data', () => {
    const frame = twinEncode({ recipient: 515, data: someBytes(10) })
    for (let at = 1; at < frame.length; at++) {
      const decoder = new FrameDecoder(100)
      const out: ConnectDatagram[] = []
      decoder.push(frame.slice(0, at), out)
      assert.deepEqual(out, [])
      assert.equal(decoder.midFrame, true)
      assert.throws(() => decoder.end(), coded('STREAM_TRUNCATED'))
      decoder.push(frame.slice(at), out)
      sameDatagrams(out, [{ recipient: 515, data: someBytes(10) }])
      assert.equal(decoder.midFrame, false)
      decoder.end()
    }
  })

  it('asks for the rest of a frame in its own memory where much is missing or the frame is large', () => {
    const KIB = 1024
    for (const [total, come, asks] of [
      [16 * KIB, 0, false],
      [16 * KIB, 100, false],
      [47 * KIB, 40 * KIB, false],
      [47 * KIB, 0, true],
      [32 * KIB, 0, true],
      [48 * KIB, 48 * KIB - 1, true],
      [100 * KIB, 99 * KIB, true],
    ] as const) {
      const decoder = new FrameDecoder(100_000_000)
      assert.equal(decoder.room(), undefined)
      const frame = new ConnectDatagram(1, new Uint8Array(total)).encode()
      decoder.push(frame.subarray(0, 8 + come), [])
      assert.equal(decoder.room()?.length, asks ? total - come : undefined, `${come} of ${total} bytes`)
    }
  })

  it('takes an empty chunk anywhere', () => {
    const frame = twinEncode({ recipient: 1, data: someBytes(3) })
    const chunks = [...frame].flatMap(byte => [new Uint8Array(0), Uint8Array.of(byte)])
    sameDatagrams(decodeAll([...chunks, new Uint8Array(0)]).datagrams, [{ recipient: 1, data: someBytes(3) }])
  })

  it('begins anew at any place when it is told to', () => {
    const frames = [10, 2000].map(size => twinEncode(new ConnectDatagram(7, someBytes(size, 3))))
    for (const [i, frame] of frames.entries()) {
      for (const cut of [1, 7, 8, 9, frame.length - 1]) {
        const decoder = new FrameDecoder(10_000)
        const out: ConnectDatagram[] = []
        decoder.push(frame.subarray(0, cut), out)
        decoder.restart()
        assert.equal(decoder.midFrame, false)
        decoder.push(frame, out)
        assert.deepEqual(
          out.map(({ byteLength }) => byteLength),
          [[10, 2000][i]],
        )
      }
    }
  })

  it('appends to what is in the list already', () => {
    const frame = twinEncode({ recipient: 1, data: someBytes(3) })
    const out: ConnectDatagram[] = []
    const decoder = new FrameDecoder(100)
    decoder.push(frame, out)
    decoder.push(frame, out)
    assert.equal(out.length, 2)
  })

  for (const size of [0, 1, 2, 3, 4, 100_000_005, 0x80000000, 0xffffffff]) {
    it(`refuses a size of ${size} after 4 bytes, naming it and the limit`, () => {
      const bytes = header(size)
      const limit = size < 5 ? /\b5\b/ : /\b100000000\b/
      for (let length = 1; length < 4; length++)
        new FrameDecoder(100_000_000).push(bytes.slice(0, length), [])
      for (let length = 4; length <= 8; length++) {
        const push = (): void => new FrameDecoder(100_000_000).push(bytes.slice(0, length), [])
        assert.throws(push, coded('FRAME_SIZE_INVALID', new RegExp(`\\b${size}\\b`)))
        assert.throws(push, coded('FRAME_SIZE_INVALID', limit))
      }
      const { error, at } = decodeAll(cut(bytes, [1, 1, 1, 1, 1, 1, 1, 1]))
      assert.equal(error?.code, 'FRAME_SIZE_INVALID')
      assert.equal(at, 3)
    })
  }

  for (const version of [0, 2, 255, 256, 257, 65_535]) {
    it(`refuses version ${version} after 6 bytes, naming it`, () => {
      const bytes = header(5, version)
      for (let length = 1; length < 6; length++) new FrameDecoder(100).push(bytes.slice(0, length), [])
      for (let length = 6; length <= 8; length++) {
        const push = (): void => new FrameDecoder(100).push(bytes.slice(0, length), [])
        assert.throws(push, coded('VERSION_UNSUPPORTED', new RegExp(`\\b${version}\\b`)))
      }
      const { error, at } = decodeAll(cut(bytes, [1, 1, 1, 1, 1, 1, 1, 1]))
      assert.equal(error?.code, 'VERSION_UNSUPPORTED')
      assert.equal(at, 5)
    })
  }

  for (const [what, first, says] of [
    ['an HTTP request', 'GET / HTTP/1.1\r\n', /; it looks like an HTTP request$/],
    ['an HTTP request', 'POST /', /; it looks like an HTTP request$/],
    ['an HTTP response', 'HTTP/1.1 400', /; it looks like an HTTP response$/],
    ['SSH', 'SSH-2.0-x', /; it looks like SSH$/],
    ['a ClientHello', '\x16\x03\x01\x02\0\x01', /; it looks like the ClientHello of a TLS handshake$/],
    ['a TLS alert', '\x15\x03\x03\0\x02\x02', /; it looks like a TLS alert$/],
    ['nothing known', '\x16\x04\x01\x02', /100000000$/],
    ['nothing known', 'GETS', /100000000$/],
  ] as const) {
    it(`says after 4 bytes, however they come, that the peer sends ${what}: ${JSON.stringify(first)}`, () => {
      const bytes = Uint8Array.from(first, each => each.charCodeAt(0))
      for (const cut of [1, 3, 4]) {
        const decoder = new FrameDecoder(100_000_000)
        const refused = { code: 'FRAME_SIZE_INVALID', message: says }
        assert.throws(() => {
          decoder.push(bytes.slice(0, cut), [])
          decoder.push(bytes.slice(cut, 4), [])
        }, refused)
      }
    })
  }

  it('complains about the size first when size and version are wrong', () => {
    assert.throws(() => new FrameDecoder(100).push(header(4, 9), []), coded('FRAME_SIZE_INVALID'))
  })

  it('gives the datagrams before a bad frame in the same chunk', () => {
    const good = twinEncode({ recipient: 7, data: someBytes(5) })
    const { datagrams, error } = decodeAll([concat([good, good, header(0)])])
    assert.equal(datagrams.length, 2)
    assert.equal(error?.code, 'FRAME_SIZE_INVALID')
  })

  it('holds the limit that it was given, to the byte', () => {
    const frame = twinEncode({ recipient: 0, data: someBytes(1000) })
    assert.equal(decodeAll([frame], 1000).datagrams.length, 1)
    assert.equal(decodeAll([frame], 999).error?.code, 'FRAME_SIZE_INVALID')
    assert.match(decodeAll([frame], 999).error!.message, /\b1000\b.*\b999\b/)
  })

  it('accepts the largest frame of all', () => {
    const decoder = new FrameDecoder(100_000_000)
    decoder.push(header(100_000_004), [])
    assert.equal(decoder.midFrame, true)
  })

  it('tells how much of a truncated frame came', () => {
    const frame = twinEncode({ recipient: 0, data: someBytes(100) })
    assert.match(decodeAll([frame.slice(0, 3)]).error!.message, /\b3 of 8\b/)
    assert.match(decodeAll([frame.slice(0, 50)]).error!.message, /\b42 of 100\b/)
  })

  it('makes data that lies whole in a chunk a view of the chunk', () => {
    const chunk = concat(
      [1, 2, 3].map(recipient => twinEncode({ recipient, data: someBytes(20, recipient) })),
    )
    const { datagrams } = decodeAll([chunk])
    assert.deepEqual(
      datagrams.map(({ data }) => [data.buffer === chunk.buffer, data.byteOffset]),
      [
        [true, 8],
        [true, 36],
        [true, 64],
      ],
    )
  })

  it('gives plain Uint8Arrays, also from chunks of another kind in the middle of a buffer', () => {
    const frame = twinEncode({ recipient: 9, data: someBytes(40) })
    const pool = Buffer.alloc(200)
    pool.set(frame, 100)
    const chunk = pool.subarray(100, 100 + frame.length)
    for (const chunks of [[chunk], [chunk.subarray(0, 3), chunk.subarray(3, 20), chunk.subarray(20)]]) {
      const { datagrams } = decodeAll(chunks)
      sameDatagrams(datagrams, [{ recipient: 9, data: someBytes(40) }])
      assert.equal(Object.getPrototypeOf(datagrams[0]!.data), Uint8Array.prototype)
    }
  })

  it('keeps no view of a chunk for data that spans chunks', () => {
    const frame = twinEncode({ recipient: 9, data: someBytes(40) })
    const first = frame.slice(0, 20)
    const second = frame.slice(20)
    const decoder = new FrameDecoder(100)
    const out: ConnectDatagram[] = []
    decoder.push(first, out)
    first.fill(0)
    decoder.push(second, out)
    second.fill(0)
    assert.deepEqual(plain(out), [{ recipient: 9, data: someBytes(40) }])
  })
})
