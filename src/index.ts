export type {
  Connection,
  ConnectionReader,
  ConnectionWriter,
  Listener,
  Session,
  SessionState,
} from './connection/types.ts'
export { ConnectError, ConnectErrorCode } from './errors.ts'
export type { Bytes } from './frame/bytes.ts'
export { ConnectDatagram } from './frame/datagram.ts'
export type {
  ConnectionOptions,
  ConnectOptions,
  ListenOptions,
  Pem,
  TlsConnectOptions,
  TlsIdentity,
  TlsListenOptions,
  TlsOptions,
} from './options.ts'
export { connect } from './session/connect.ts'
export { listen } from './session/listen.ts'
export { SessionLostError } from './session/session-lost-error.ts'
export type {
  ConnectSessionOptions,
  ListenSessionOptions,
  Redirect,
  Retry,
  SessionOptions,
} from './session-options.ts'
export type { PeerCertificate, TlsInfo } from './transport/tls-info.ts'
