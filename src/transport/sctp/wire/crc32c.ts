import { MOST_LOOP_BYTES, makeLoop } from './crc32c-loop.ts'

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

const loop = makeLoop([t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15])

/** From this size on, the loop pays for the call. */
const LOOP_FROM_BYTES = 64

/** The CRC32c of a packet, as an unsigned number. Its own checksum field must be zero meanwhile. */
export function crc32c(bytes: Uint8Array): number {
  const whole = bytes.length & ~15
  let crc =
    whole >= LOOP_FROM_BYTES && whole <= MOST_LOOP_BYTES ? ofLoop(bytes, whole) : ofBytes(bytes, whole)
  for (let i = whole; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 255]!
  return ~crc >>> 0
}

function ofLoop(bytes: Uint8Array, end: number): number {
  return loop === undefined
    ? ofBytes(bytes, end)
    : loop(end === bytes.length ? bytes : bytes.subarray(0, end))
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
