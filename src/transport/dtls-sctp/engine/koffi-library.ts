import type { NativeLibrary, NativeType, Pointer, Signature } from './native-library.ts'

/** As much of koffi 3 as is used. */
export interface Koffi {
  load(path: null): { func(name: string, result: unknown, takes: readonly unknown[]): NativeCall }
  proto(result: unknown, takes: readonly unknown[]): unknown
  pointer(type: unknown): unknown
  register(call: NativeCall, type: unknown): Pointer
  decode(from: Pointer, type: 'uint8_t', length: number): Uint8Array | number[]
  decode(from: Uint8Array, type: 'void *'): Pointer | null
  encode(to: Pointer, type: 'uint8_t', values: Uint8Array, length: number): void
  encode(to: Pointer, type: 'void *', value: Pointer): void
}

type NativeCall = (...values: never[]) => unknown

const names: Readonly<Record<NativeType, string>> = {
  void: 'void',
  int: 'int',
  uint: 'unsigned int',
  long: 'long',
  ulong: 'unsigned long',
  u64: 'uint64_t',
  size: 'size_t',
  pointer: 'void *',
  bytes: 'void *',
  text: 'const char *',
}

/** The functions of the running program, through koffi. */
export function koffiLibrary(koffi: Koffi): NativeLibrary {
  const program = koffi.load(null)
  const inWords = ({ result, takes }: Signature): [string, string[]] => [
    names[result],
    takes.map(type => names[type]),
  ]
  return {
    function: (name, signature) =>
      program.func(name, ...inWords(signature)) as ReturnType<NativeLibrary['function']>,
    callback: (signature, call) => koffi.register(call, koffi.pointer(koffi.proto(...inWords(signature)))),
    read: (from, byteLength) => Uint8Array.from(koffi.decode(from, 'uint8_t', byteLength)),
    write: (to, bytes) => koffi.encode(to, 'uint8_t', bytes, bytes.length),
    writePointer: (to, pointer) => koffi.encode(to, 'void *', pointer),
    pointerIn: memory => koffi.decode(memory, 'void *') ?? 0n,
  }
}
