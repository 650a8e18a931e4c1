import type { NativeLibrary } from '../native-library.ts'
import type { Callbacks } from './callbacks.ts'
import type { OpenSslFunctions } from './functions.ts'
import type { NativeObjects } from './native-objects.ts'

/** What the parts of the engine share. */
export interface OpenSsl {
  readonly ssl: OpenSslFunctions
  readonly library: NativeLibrary
  readonly objects: NativeObjects
  readonly callbacks: Callbacks
}
