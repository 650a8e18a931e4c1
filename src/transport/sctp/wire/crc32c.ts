/** CRC32c, reflected: the checksum of every packet (RFC 9260, appendix A). */
const POLYNOMIAL = 0x82f63b78

/**
 * Table `k` gives what a byte contributes from `k` places before the end. With sixteen of them, sixteen bytes are looked
 * up independently of each other; with one, each would wait for the byte before it ("slicing by 16").
 */
function makeTable(before: Int32Array | undefined): Int32Array {
  const table = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    if (before === undefined) table[byte] = divided(byte)
    else table[byte] = (before[byte]! >>> 8) ^ t0[before[byte]! & 255]!
  }
  return table
}

function divided(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
}

const t0 = makeTable(undefined)
const t1 = makeTable(t0)
const t2 = makeTable(t1)
const t3 = makeTable(t2)
const t4 = makeTable(t3)
const t5 = makeTable(t4)
const t6 = makeTable(t5)
const t7 = makeTable(t6)
const t8 = makeTable(t7)
const t9 = makeTable(t8)
const t10 = makeTable(t9)
const t11 = makeTable(t10)
const t12 = makeTable(t11)
const t13 = makeTable(t12)
const t14 = makeTable(t13)
const t15 = makeTable(t14)

/** Words are read as they lie in memory, and looked up as a little-endian machine has them. */
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** From this size on, words pay for the view that they are read through. */
const WORDS_FROM_BYTES = 4096

/** The CRC32c of a packet, as an unsigned number. Its own checksum field must be zero meanwhile. */
export function crc32c(bytes: Uint8Array): number {
  const whole = bytes.length & ~15
  let crc = inWords(bytes)
    ? ofWords(new Int32Array(bytes.buffer, bytes.byteOffset, whole >> 2))
    : ofBytes(bytes, whole)
  for (let i = whole; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 255]!
  return ~crc >>> 0
}

function inWords(bytes: Uint8Array): boolean {
  return LITTLE_ENDIAN && bytes.length >= WORDS_FROM_BYTES && (bytes.byteOffset & 3) === 0
}

function ofBytes(bytes: Uint8Array, end: number): number {
  let crc = -1
  for (let i = 0; i < end; i += 16) {
    crc =
      t15[(crc ^ bytes[i]!) & 255]! ^
      t14[((crc >>> 8) ^ bytes[i + 1]!) & 255]! ^
      t13[((crc >>> 16) ^ bytes[i + 2]!) & 255]! ^
      t12[((crc >>> 24) ^ bytes[i + 3]!) & 255]! ^
      t11[bytes[i + 4]!]! ^
      t10[bytes[i + 5]!]! ^
      t9[bytes[i + 6]!]! ^
      t8[bytes[i + 7]!]! ^
      t7[bytes[i + 8]!]! ^
      t6[bytes[i + 9]!]! ^
      t5[bytes[i + 10]!]! ^
      t4[bytes[i + 11]!]! ^
      t3[bytes[i + 12]!]! ^
      t2[bytes[i + 13]!]! ^
      t1[bytes[i + 14]!]! ^
      t0[bytes[i + 15]!]!
  }
  return crc
}

function ofWords(words: Int32Array): number {
  let crc = -1
  for (let i = 0; i < words.length; i += 4) {
    const a = crc ^ words[i]!
    const b = words[i + 1]!
    const c = words[i + 2]!
    const d = words[i + 3]!
    crc =
      t15[a & 255]! ^
      t14[(a >>> 8) & 255]! ^
      t13[(a >>> 16) & 255]! ^
      t12[a >>> 24]! ^
      t11[b & 255]! ^
      t10[(b >>> 8) & 255]! ^
      t9[(b >>> 16) & 255]! ^
      t8[b >>> 24]! ^
      t7[c & 255]! ^
      t6[(c >>> 8) & 255]! ^
      t5[(c >>> 16) & 255]! ^
      t4[c >>> 24]! ^
      t3[d & 255]! ^
      t2[(d >>> 8) & 255]! ^
      t1[(d >>> 16) & 255]! ^
      t0[d >>> 24]!
  }
  return crc
}
