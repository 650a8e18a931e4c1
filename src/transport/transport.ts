import type { ConnectSettings, ListenSettings } from '../options.ts'
import type { Address } from './address.ts'
import type { ByteStream, ByteStreamListener, ByteStreamListenerSink } from './byte-stream.ts'

/** One kind of medium. A transport is a module that exports these. */
export interface Transport {
  /** Whether the `tls` options mean something here. Elsewhere, giving them is an error. */
  readonly usesTls: boolean

  /**
   * Reaches the peer and completes the handshake, if there is one.
   *
   * @throws ConnectError `CONNECT_FAILED`, `CONNECT_TIMEOUT`, `HANDSHAKE_FAILED`, `HANDSHAKE_TIMEOUT`,
   * `CERTIFICATE_REJECTED`, `INVALID_ADDRESS`, `INVALID_OPTION`, `ABORTED`
   */
  dial(address: Address, settings: ConnectSettings): Promise<ByteStream>

  /**
   * Binds the address.
   *
   * @throws ConnectError `LISTEN_FAILED`, `INVALID_ADDRESS`, `INVALID_OPTION`, `ABORTED`
   */
  bind(address: Address, settings: ListenSettings, sink: ByteStreamListenerSink): Promise<ByteStreamListener>
}
