import {
  LONG_BYTES,
  type NativeFunction,
  type NativeLibrary,
  type NativeType,
  type Pointer,
  type Signature,
} from './native-library.ts'

/** As much of `node:ffi`, experimental in Node 26, as is used. All its 64-bit integers and pointers are bigints. */
export interface NodeFfi {
  readonly DynamicLibrary: new (path: string | null) => DynamicLibrary
  toBuffer(from: Pointer, byteLength: number): Uint8Array
  toString(from: Pointer): string | null
  exportArrayBufferView(bytes: Uint8Array, to: Pointer, byteLength: number): void
  setUint64(to: Pointer, offset: number, value: bigint): void
}

interface DynamicLibrary {
  getFunction(name: string, signature: NodeSignature): NativeFunction
  registerCallback(signature: NodeSignature, call: NativeFunction): Pointer
}

interface NodeSignature {
  readonly return: string
  readonly arguments: readonly string[]
}

const isLongWide = LONG_BYTES === 8

const names: Readonly<Record<NativeType, string>> = {
  void: 'void',
  int: 'int32',
  uint: 'uint32',
  long: isLongWide ? 'int64' : 'int32',
  ulong: isLongWide ? 'uint64' : 'uint32',
  u64: 'uint64',
  size: 'uint64',
  pointer: 'pointer',
  bytes: 'buffer',
  text: 'string',
}

/** Where a program looks for its own functions; Windows knows it by its path alone. */
const program = process.platform === 'win32' ? process.execPath : null

/** What Node has under that name, if this Node does. */
export function findNodeFfi(): NodeFfi | undefined {
  return process.getBuiltinModule('node:ffi') as NodeFfi | undefined
}

/** The functions of the running program, through `node:ffi`. Wherever it exists, pointers have 64 bits. */
export function nodeFfiLibrary(ffi: NodeFfi): NativeLibrary {
  const library = new ffi.DynamicLibrary(program)
  return {
    function: (name, signature) =>
      converted(ffi, signature, library.getFunction(name, inWords(signature))) as NativeFunction,
    callback: (signature, call) => library.registerCallback(inWords(signature), call),
    read: (from, byteLength) => ffi.toBuffer(from, byteLength),
    write: (to, bytes) => ffi.exportArrayBufferView(bytes, to, bytes.length),
    writePointer: (to, pointer) => ffi.setUint64(to, 0, pointer),
    pointerIn: memory => new BigUint64Array(Uint8Array.from(memory).buffer)[0]!,
  }
}

function inWords({ result, takes }: Signature): NodeSignature {
  return { return: names[result], arguments: takes.map(type => names[type]) }
}

/** The function as its callers know it. One that takes and gives what they have is left as it is: it is the fastest. */
function converted(ffi: NodeFfi, { result, takes }: Signature, call: NativeFunction): NativeFunction {
  const give = resultConversion(ffi, result)
  const wide = [...takes.keys()].filter(index => names[takes[index]!].endsWith('int64'))
  if (give === undefined && wide.length === 0) return call
  return (...values) => {
    for (const index of wide) values[index] = BigInt(values[index])
    const value = call(...values)
    return give === undefined ? value : give(value)
  }
}

function resultConversion(ffi: NodeFfi, type: NativeType): ((value: bigint) => unknown) | undefined {
  if (type === 'pointer') return pointer => (pointer === 0n ? null : pointer)
  if (type === 'text') return pointer => ffi.toString(pointer)
  return (type === 'long' || type === 'ulong') && isLongWide ? Number : undefined
}
