import { ConnectError, ConnectErrorCode } from '../../../errors.ts'
import { loadLater } from '../../load-later.ts'
import type { DtlsEngine } from './dtls-engine.ts'
import { type Koffi, koffiLibrary } from './koffi-library.ts'
import type { NativeLibrary } from './native-library.ts'
import { findNodeFfi, nodeFfiLibrary } from './node-ffi-library.ts'
import { OpenSslEngine } from './openssl/openssl-engine.ts'

const INSTALL = 'Install it with: npm install koffi@3'

/** One for the process: OpenSSL calls back to it for as long as that lives. A worker has one of its own. */
let loading: Promise<DtlsEngine> | undefined

/** @throws ConnectError `TRANSPORT_UNAVAILABLE`, saying what is missing and how to get it */
export function loadEngine(): Promise<DtlsEngine> {
  loading ??= load().catch(error => {
    loading = undefined
    throw error
  })
  return loading
}

async function load(): Promise<DtlsEngine> {
  const library = await findLibrary()
  try {
    const engine = new OpenSslEngine(library())
    // The process goes on when a worker ends, and nobody else would free what its engine has kept.
    process.once('exit', () => engine.forget())
    return engine
  } catch (cause) {
    const why = `the OpenSSL inside this runtime cannot be used: ${(cause as Error).message}`
    throw unavailable(`${why}. Use a Node from nodejs.org, or one that brings OpenSSL 3`, cause)
  }
}

/** Through koffi; where it is not installed, through what newer Nodes bring for the same purpose. */
async function findLibrary(): Promise<() => NativeLibrary> {
  try {
    const { default: koffi } = await loadLater(() => import('koffi'))
    return () => koffiLibrary(koffi as unknown as Koffi)
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    const ffi = isMissing ? findNodeFfi() : undefined
    if (ffi !== undefined) return () => nodeFfiLibrary(ffi)
    if (isMissing) throw unavailable(`the package koffi is not installed. ${INSTALL}`, cause)
    const { message } = cause as Error
    const advice = isOutOfFiles(cause) ? 'It is tried again when it is next used' : INSTALL
    throw unavailable(`koffi cannot be loaded: ${message}. ${advice}`, cause)
  }
}

function isOutOfFiles(cause: unknown): boolean {
  return ['EMFILE', 'ENFILE'].includes((cause as NodeJS.ErrnoException).code ?? '')
}

function unavailable(why: string, cause: unknown): ConnectError {
  return new ConnectError(
    ConnectErrorCode.TRANSPORT_UNAVAILABLE,
    `dtls-sctp: is not available here: ${why}`,
    { cause },
  )
}
