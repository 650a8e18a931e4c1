import type {
  NativeFunction,
  NativeLibrary,
  Signature,
} from '../../../src/transport/dtls-sctp/engine/native-library.ts'

/** What is said by a function of OpenSSL's that fails. */
function failureOf({ result }: Signature): unknown {
  return result === 'pointer' ? null : 0
}

/** A library of which one call can be made to fail, before it does anything. It counts all calls. */
export class FaultyLibrary implements NativeLibrary {
  readonly callback: NativeLibrary['callback']
  readonly read: NativeLibrary['read']
  readonly write: NativeLibrary['write']
  readonly writePointer: NativeLibrary['writePointer']
  readonly pointerIn: NativeLibrary['pointerIn']
  readonly #library: NativeLibrary
  readonly #calls = new Map<string, number>()
  #name = ''
  #callsBefore = 0

  constructor(library: NativeLibrary) {
    const { callback, read, write, writePointer, pointerIn } = library
    this.callback = callback
    this.read = read
    this.write = write
    this.writePointer = writePointer
    this.pointerIn = pointerIn
    this.#library = library
  }

  /** The call of that function behind so many others will fail, and none after it. */
  failAt(name: string, callsBefore: number): void {
    this.#name = name
    this.#callsBefore = callsBefore
  }

  /** Whether that call has not been made. */
  get isWaiting(): boolean {
    return this.#callsBefore >= 0
  }

  /** How often that function was called. */
  calls(name: string): number {
    return this.#calls.get(name) ?? 0
  }

  function(name: string, signature: Signature): NativeFunction {
    const call = this.#library.function(name, signature)
    return (...values) => {
      this.#calls.set(name, this.calls(name) + 1)
      return name === this.#name && this.#callsBefore-- === 0 ? failureOf(signature) : call(...values)
    }
  }
}
