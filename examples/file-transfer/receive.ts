import type { Connection } from 'connect-ts'
import { reportDatagram, TransferCheck } from './report.ts'

/**
 * The server's end of a transfer: sends every datagram back as it came, and a report once the client has ended. The
 * connection must be `allowHalfOpen`, as the report comes after the client's end.
 */
export async function receiveFile({ reader, writer }: Connection): Promise<void> {
  const received = new TransferCheck()
  for await (const datagram of reader) {
    received.add(datagram)
    await writer.send(datagram)
  }
  await writer.send(reportDatagram(received.report()))
}
