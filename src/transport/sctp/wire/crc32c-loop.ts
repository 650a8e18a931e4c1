/**
 * The inner loop of CRC32c as a WebAssembly module, put together here: nothing is compiled when the package is built or
 * installed, and it runs at two to three times the speed of the same loop in JavaScript.
 */

/** Where the tables lie in the module's memory: table `k` at `k * TABLE_BYTES`. The data lies behind them. */
const TABLE_BYTES = 1024
const DATA_AT = 16 * TABLE_BYTES
const MEMORY_PAGES = 2
const PAGE_BYTES = 65_536

/** Most data that the module's memory has room for. */
export const MOST_LOOP_BYTES = MEMORY_PAGES * PAGE_BYTES - DATA_AT

/** The CRC of bytes whose count is a multiple of 16 and not 0, before its final complement. */
export type Crc32cLoop = (bytes: Uint8Array) => number

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly crc: (at: number, byteLength: number) => number
}

/** What of WebAssembly is used; the types of Node do not have it. */
interface WasmNamespace {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

/** Undefined where the platform has no WebAssembly, or forbids it. */
export function makeLoop(tables: readonly Int32Array[]): Crc32cLoop | undefined {
  const wasm = (globalThis as { WebAssembly?: WasmNamespace }).WebAssembly
  if (wasm === undefined) return undefined
  try {
    const { memory, crc } = new wasm.Instance(new wasm.Module(assemble())).exports as Exports
    tables.forEach((table, k) => {
      const view = new DataView(memory.buffer, k * TABLE_BYTES)
      for (let i = 0; i < table.length; i++) view.setInt32(4 * i, table[i]!, true)
    })
    const data = new Uint8Array(memory.buffer, DATA_AT)
    return bytes => {
      data.set(bytes)
      return crc(DATA_AT, bytes.length)
    }
  } catch {
    return undefined
  }
}

type Code = readonly number[]

/** Opcodes of the WebAssembly core specification, section 5.4. */
const LOOP = 0x03
const END = 0x0b
const BR_IF = 0x0d
const LOCAL_GET = 0x20
const LOCAL_SET = 0x21
const LOCAL_TEE = 0x22
const I32_LOAD = 0x28
const I32_CONST = 0x41
const I32_LT_U = 0x49
const I32_ADD = 0x6a
const I32_AND = 0x71
const I32_XOR = 0x73
const I32_SHL = 0x74
const I32_SHR_U = 0x76
const I32 = 0x7f
const NO_RESULT = 0x40

/** Locals of the function; the first two are its parameters. */
const AT = 0
const TO = 1
const CRC = 2
const WORDS = [3, 4, 5, 6]

const get = (local: number): Code => [LOCAL_GET, local]
const set = (local: number, value: Code): Code => [...value, LOCAL_SET, local]
const constant = (value: number): Code => [I32_CONST, ...signed(value)]
const binary = (opcode: number, a: Code, b: Code): Code => [...a, ...b, opcode]
const load = (address: Code, offset: number): Code => [...address, I32_LOAD, 2, ...unsigned(offset)]

/** What byte `index` of a word contributes: looked up in a table, which takes the place of four bytes in each entry. */
function lookUp(word: number, index: number, table: number): Code {
  const shifted =
    index === 0
      ? binary(I32_SHL, get(word), constant(2))
      : binary(I32_SHR_U, get(word), constant(8 * index - 2))
  return load(binary(I32_AND, shifted, constant(255 << 2)), table * TABLE_BYTES)
}

/** Sixteen bytes at a time, each looked up in a table of its own. */
function body(): Code {
  const read = WORDS.map((word, i) => {
    const value = load(get(AT), 4 * i)
    return set(word, i === 0 ? binary(I32_XOR, value, get(CRC)) : value)
  })
  const parts = WORDS.flatMap((word, i) => [0, 1, 2, 3].map(byte => lookUp(word, byte, 15 - 4 * i - byte)))
  // The first word waits for the sum of the bytes before it, so its parts come last.
  const sum = [...parts.slice(4), ...parts.slice(0, 4)].reduce((a, b) => binary(I32_XOR, a, b))
  const next: Code = [...binary(I32_ADD, get(AT), constant(16)), LOCAL_TEE, AT]
  return [
    ...set(CRC, constant(-1)),
    ...set(TO, binary(I32_ADD, get(AT), get(TO))),
    ...[LOOP, NO_RESULT],
    ...read.flat(),
    ...set(CRC, sum),
    ...binary(I32_LT_U, next, get(TO)),
    ...[BR_IF, 0],
    END,
    ...get(CRC),
    END,
  ]
}

/** The module: one memory and one function, both exported (section 5.5 of the specification). */
function assemble(): Uint8Array {
  const code = [1, WORDS.length + 1, I32, ...body()]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 2, I32, I32, 1, I32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, MEMORY_PAGES]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('crc'), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ])
}

const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content]
const name = (text: string): Code => [text.length, ...new TextEncoder().encode(text)]

/** LEB128. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

function signed(value: number): Code {
  const isLast = value >= -64 && value < 64
  return isLast ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)]
}
