import koffi from 'koffi'
import { type Koffi, koffiLibrary } from '../../../src/transport/dtls-sctp/engine/koffi-library.ts'
import type { NativeLibrary } from '../../../src/transport/dtls-sctp/engine/native-library.ts'
import { findNodeFfi, nodeFfiLibrary } from '../../../src/transport/dtls-sctp/engine/node-ffi-library.ts'

const ffi = findNodeFfi()

/** Each way to call C that this Node has, by name. */
export const nativeLibraries: readonly (readonly [name: string, library: NativeLibrary])[] = [
  ['koffi', koffiLibrary(koffi as unknown as Koffi)],
  ...(ffi === undefined ? [] : [['node:ffi', nodeFfiLibrary(ffi)] as const]),
]
