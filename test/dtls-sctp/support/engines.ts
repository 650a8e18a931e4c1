import { OpenSslEngine } from '../../../src/transport/dtls-sctp/engine/openssl/openssl-engine.ts'
import { nativeLibraries } from './native-libraries.ts'

/** An engine for each way to call C that this Node has, by its name. */
export const engines: readonly (readonly [name: string, engine: OpenSslEngine])[] = nativeLibraries.map(
  ([name, library]) => [name, new OpenSslEngine(library)],
)
