export { connect } from './connection/connect.ts'
export { listen } from './connection/listen.ts'
export type { Connection, ConnectionReader, ConnectionWriter, Listener } from './connection/types.ts'
export { ConnectError, ConnectErrorCode } from './errors.ts'
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
export type { PeerCertificate, TlsInfo } from './transport/tls-info.ts'
