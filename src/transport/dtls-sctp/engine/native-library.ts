/** A pointer of C; 0n is null. */
export type Pointer = bigint

/** A `long` has four bytes on Windows, and wherever pointers have. */
export const LONG_BYTES = process.platform === 'win32' || ['arm', 'ia32'].includes(process.arch) ? 4 : 8

/** The types of arguments and results. `bytes` is memory of ours, for the time of the call; `text` is copied. */
export type NativeType =
  | 'void'
  | 'int'
  | 'uint'
  | 'long'
  | 'ulong'
  | 'u64'
  | 'size'
  | 'pointer'
  | 'bytes'
  | 'text'

export interface Signature {
  readonly result: NativeType
  readonly takes: readonly NativeType[]
}

// biome-ignore lint/suspicious/noExplicitAny: what C takes and gives is said by the signature
export type NativeFunction = (...values: any[]) => any

/** A way to call the functions of C that are in the running program. */
export interface NativeLibrary {
  /** @throws Error if there is none of that name */
  function(name: string, signature: Signature): NativeFunction
  /** Makes something that C can call for the rest of the process. It must not throw. */
  callback(signature: Signature, call: NativeFunction): Pointer
  read(from: Pointer, byteLength: number): Uint8Array
  write(to: Pointer, bytes: Uint8Array): void
  writePointer(to: Pointer, pointer: Pointer): void
  /** A pointer that C has put into memory of ours, which has 8 bytes. */
  pointerIn(memory: Uint8Array): Pointer
}
