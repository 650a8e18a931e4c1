import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectionSettings, ConnectSettings, ListenSettings } from '../options.ts'
import type { SessionSettings } from '../session-options.ts'
import type { ByteStream } from '../transport/byte-stream.ts'
import { SESSION_PROTOCOL } from './hello.ts'

/** The settings of a connection over a session: the window and the watch over silence take the place of some. */
export function settingsInSession<T extends ConnectionSettings>(settings: T, session: SessionSettings): T {
  return { ...settings, receiveQueueBytes: session.windowBytes, frameTimeoutMs: 0, idleTimeoutMs: 0 }
}

/** Where there is TLS, ALPN tells an end with sessions from one without. */
export function offeringSessions<T extends ConnectSettings | ListenSettings>(
  settings: T,
  usesTls: boolean,
): T {
  if (!usesTls) return settings
  const alpnProtocols = [SESSION_PROTOCOL, ...(settings.tls?.alpnProtocols ?? [])]
  return { ...settings, tls: { ...settings.tls, alpnProtocols } }
}

/** Why a connection carries no session; undefined if it may. */
export function missingSessions({ tls }: ByteStream): ConnectError | undefined {
  if (tls === undefined || tls.alpnProtocol === SESSION_PROTOCOL) return undefined
  return new ConnectError(
    ConnectErrorCode.VERSION_UNSUPPORTED,
    `the peer has not agreed on ${SESSION_PROTOCOL}: set session at both ends, or at neither`,
  )
}
