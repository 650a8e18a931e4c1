// Compiled against the installed package, with the declarations checked: every public name must resolve.
import {
  ConnectDatagram,
  ConnectError,
  ConnectErrorCode,
  type Connection,
  type ConnectionReader,
  type ConnectionWriter,
  type ConnectOptions,
  connect,
  type Listener,
  type ListenOptions,
  listen,
  type PeerCertificate,
  type TlsInfo,
} from 'connect-ts'

export async function use(connectOptions: ConnectOptions, listenOptions: ListenOptions): Promise<void> {
  await using listener: Listener = await listen('tcp://127.0.0.1:0', listenOptions)
  await using connection: Connection = await connect(new URL(listener.address), connectOptions)
  const writer: ConnectionWriter = connection.writer
  const reader: ConnectionReader = connection.reader
  const taken: boolean = writer.trySend(new ConnectDatagram(1, 'text'))
  await writer.send(new ConnectDatagram(2, new Uint8Array(3)), { signal: AbortSignal.timeout(1000) })
  for await (const batch of reader.batches()) console.log(batch.length, taken)
  const tls: TlsInfo | undefined = connection.tls
  const certificate: PeerCertificate | undefined = tls?.peerCertificate
  console.log(certificate?.subject)
  await connection.readable.pipeTo(connection.writable)
}

export function codeOf(error: unknown): ConnectErrorCode | undefined {
  if (!(error instanceof ConnectError)) return undefined
  return error.code === ConnectErrorCode.CONNECTION_RESET ? error.code : undefined
}
