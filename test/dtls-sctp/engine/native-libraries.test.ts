import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type {
  NativeFunction,
  NativeLibrary,
  NativeType,
  Pointer,
} from '../../../src/transport/dtls-sctp/engine/native-library.ts'
import { type NodeFfi, nodeFfiLibrary } from '../../../src/transport/dtls-sctp/engine/node-ffi-library.ts'
import { OpenSslEngine } from '../../../src/transport/dtls-sctp/engine/openssl/openssl-engine.ts'
import { nativeLibraries } from '../support/native-libraries.ts'

for (const [name, library] of nativeLibraries) {
  const call = (symbol: string, result: NativeType, ...takes: NativeType[]): NativeFunction =>
    library.function(symbol, { result, takes })

  describe(`functions of C through ${name}`, () => {
    it('are said to be missing by name', () => {
      assert.throws(() => call('no_such_function', 'void'), /no_such_function/)
    })

    it('give text, and null for no text', () => {
      assert.match(call('OpenSSL_version', 'text', 'int')(0), /^OpenSSL 3\./)
      assert.equal(call('ERR_reason_error_string', 'text', 'ulong')(0), null)
    })

    it('take and give long integers', () => {
      assert.equal(call('labs', 'long', 'long')(-70_000), 70_000)
      assert.equal(call('ERR_get_error', 'ulong')(), 0)
    })

    it('give pointers, and null for none', () => {
      assert.equal(typeof call('BIO_s_mem', 'pointer')(), 'bigint')
      assert.equal(call('SSL_CTX_new', 'pointer', 'pointer')(0n), null)
      call('ERR_clear_error', 'void')()
    })

    it('read and write memory of ours, wherever it lies in its buffer', () => {
      const copy = call('memmove', 'pointer', 'bytes', 'bytes', 'size')
      for (let at = 0; at < 3; at++) {
        const to = new Uint8Array(16)
        copy(to.subarray(at), Uint8Array.of(0, 7, 8, 9).subarray(1), 3)
        assert.deepEqual([...to.subarray(at, at + 4)], [7, 8, 9, 0])
      }
    })

    it('call back, with pointers to their memory', () => {
      const { pointer, free } = memory(library, 8)
      library.write(pointer, Uint8Array.of(3, 1, 2))
      const order = library.callback(
        { result: 'int', takes: ['pointer', 'pointer'] },
        (a: Pointer, b: Pointer) => library.read(a, 1)[0]! - library.read(b, 1)[0]!,
      )
      call('qsort', 'void', 'pointer', 'size', 'size', 'pointer')(pointer, 3, 1, order)
      assert.deepEqual([...library.read(pointer, 3)], [1, 2, 3])
      free()
    })

    it('serve several engines, as where two copies of this package are in one program', () => {
      const engines = [new OpenSslEngine(library), new OpenSslEngine(library)]
      assert.match(engines[1]!.name, /^OpenSSL 3\./)
    })
  })

  describe(`memory of C through ${name}`, () => {
    it('is copied when it is read', () => {
      const { pointer, free } = memory(library, 8)
      library.write(pointer, Uint8Array.of(1, 2, 3))
      const bytes = library.read(pointer, 3)
      library.write(pointer, Uint8Array.of(4, 5, 6))
      assert.deepEqual([...bytes], [1, 2, 3])
      free()
    })

    it('keeps a pointer, which is found again in memory of ours', () => {
      const { pointer, free } = memory(library, 8)
      library.writePointer(pointer, pointer)
      assert.equal(library.pointerIn(library.read(pointer, 8)), pointer)
      assert.equal(library.pointerIn(new Uint8Array(8)), 0n)
      free()
    })
  })
}

function memory(library: NativeLibrary, byteLength: number): { pointer: Pointer; free: () => void } {
  const pointer = library.function('malloc', { result: 'pointer', takes: ['size'] })(byteLength)
  const free = library.function('free', { result: 'void', takes: ['pointer'] })
  return { pointer, free: () => free(pointer) }
}

describe('what node:ffi is given', () => {
  /** A `node:ffi` that keeps what it is given, and gives the same result to all. */
  function fake(result: unknown): { ffi: NodeFfi; given: unknown[] } {
    const given: unknown[] = []
    class DynamicLibrary {
      getFunction(...asked: unknown[]): NativeFunction {
        given.push(...asked)
        return (...values) => {
          given.push(...values)
          return result
        }
      }
      registerCallback(): Pointer {
        return 1n
      }
    }
    const ffi: NodeFfi = {
      DynamicLibrary,
      toBuffer: () => new Uint8Array(),
      toString: from => (from === 0n ? null : `text at ${from}`),
      exportArrayBufferView: () => {},
      setUint64: () => {},
    }
    return { ffi, given }
  }

  it('has bigints where C has 64 bits', () => {
    const { ffi, given } = fake(5)
    const mixed = nodeFfiLibrary(ffi).function('mixed', {
      result: 'int',
      takes: ['int', 'size', 'u64', 'uint'],
    })
    assert.equal(mixed(1, 2, 3n, 4), 5)
    assert.deepEqual(given, [
      'mixed',
      { return: 'int32', arguments: ['int32', 'uint64', 'uint64', 'uint32'] },
      1,
      2n,
      3n,
      4,
    ])
  })

  it('comes back as numbers, text and null', () => {
    const result = (type: NativeType, value: unknown): unknown =>
      nodeFfiLibrary(fake(value).ffi).function('f', { result: type, takes: [] })()
    assert.equal(result('pointer', 0n), null)
    assert.equal(result('pointer', 7n), 7n)
    assert.equal(result('text', 0n), null)
    assert.equal(result('text', 7n), 'text at 7')
    assert.equal(result('u64', 7n), 7n)
    assert.equal(Number(result('long', 7n)), 7)
  })
})
