import { ConnectError, ConnectErrorCode } from '../../../errors.ts'
import type { DtlsEngine } from './dtls-engine.ts'
import { type Koffi, koffiLibrary } from './koffi-library.ts'
import { OpenSslEngine } from './openssl/openssl-engine.ts'

/** One for the process: OpenSSL calls back to it for as long as that lives. */
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
  const koffi = await loadKoffi()
  try {
    return new OpenSslEngine(koffiLibrary(koffi))
  } catch (cause) {
    const why = `the OpenSSL inside this runtime cannot be used: ${(cause as Error).message}`
    throw unavailable(`${why}. Use a Node from nodejs.org, or one that brings OpenSSL 3`, cause)
  }
}

async function loadKoffi(): Promise<Koffi> {
  try {
    const { default: koffi } = await import('koffi')
    return koffi as unknown as Koffi
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    const why = isMissing
      ? 'the package koffi is not installed'
      : `koffi cannot be loaded: ${(cause as Error).message}`
    throw unavailable(`${why}. Install it with: npm install koffi@3`, cause)
  }
}

function unavailable(why: string, cause: unknown): ConnectError {
  return new ConnectError(
    ConnectErrorCode.TRANSPORT_UNAVAILABLE,
    `dtls-sctp: is not available here: ${why}`,
    { cause },
  )
}
