import { createReadStream } from 'node:fs'
import { ConnectDatagram, type Connection, type ConnectionReader, type ConnectionWriter } from 'connect-ts'
import { differences, type Report, readReport, TransferCheck } from './report.ts'

export const DATAGRAM_BYTES = 64 * 1024

/** Each read gives a new buffer, so that the datagrams cut from it can be sent without a copy. */
const READ_BYTES = 1024 * 1024

/** What is known when a file has gone there and back. */
export interface Outcome {
  readonly sent: Report
  /** What the server says that it has received. */
  readonly received: Report
  /** What came back. */
  readonly echoed: Report
}

/**
 * The client's end of a transfer: sends the file, a sequence number with each datagram, and at the same time reads
 * what the server sends back. An empty file has no datagram, as a datagram cannot be empty; the reports are compared
 * all the same.
 *
 * @param echoed counts what comes back, for whoever shows the progress
 * @throws ConnectError if the connection fails; Error if an echo or the report is missing or out of its turn, or the
 * file cannot be read. Abort the connection then: one direction may still be going on.
 */
export async function sendFile(
  connection: Connection,
  path: string,
  echoed = new TransferCheck(),
): Promise<Outcome> {
  const check = new TransferCheck()
  const [sent, received] = await Promise.all([
    sendDatagrams(connection.writer, path, check),
    readEchoes(connection.reader, check, echoed),
  ])
  return { sent, received, echoed: echoed.report() }
}

/** What was changed on either way, in words; nothing if the transfer is good. */
export function faults({ sent, received, echoed }: Outcome): string[] {
  return [
    ...differences(sent, received).map(text => `at the server: ${text}`),
    ...differences(sent, echoed).map(text => `back at the client: ${text}`),
  ]
}

async function sendDatagrams(writer: ConnectionWriter, path: string, sent: TransferCheck): Promise<Report> {
  const file: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: READ_BYTES })
  for await (const part of file) {
    for (let at = 0; at < part.length; at += DATAGRAM_BYTES) {
      const data = part.subarray(at, at + DATAGRAM_BYTES)
      const datagram = new ConnectDatagram(sent.nextTag, data)
      sent.add(datagram)
      await writer.send(datagram)
    }
  }
  // Before the end goes out: the server answers it, and readEchoes must know by then.
  const report = sent.report()
  await writer.close()
  return report
}

/**
 * Reads the echoes and then the server's report. Nothing in a datagram tells the two apart, as an echo may hold
 * anything: the report is what comes when this end has ended and all that it has sent is back. If an echo is missing,
 * the report is taken for one, and then its tag is wrong or no report follows.
 */
async function readEchoes(
  reader: ConnectionReader,
  sent: TransferCheck,
  echoed: TransferCheck,
): Promise<Report> {
  for await (const datagram of reader) {
    if (sent.ended && echoed.datagrams === sent.datagrams) {
      const report = readReport(datagram)
      await expectEnd(reader)
      return report
    }
    addEcho(datagram, sent, echoed)
  }
  const counts = `datagrams sent: ${sent.datagrams}, answers: ${echoed.datagrams}`
  throw new Error(`the server ended the connection with an echo or the report missing (${counts})`)
}

/** Errors that can be seen at once are not left to the end: the file may be large. */
function addEcho(datagram: ConnectDatagram, sent: TransferCheck, echoed: TransferCheck): void {
  const { nextTag } = echoed
  if (datagram.recipient !== nextTag)
    throw new Error(`the datagram with tag ${nextTag} should have come back, not ${datagram.recipient}`)
  if (echoed.datagrams === sent.datagrams) throw new Error('a datagram came that had not been sent')
  echoed.add(datagram)
}

async function expectEnd(reader: ConnectionReader): Promise<void> {
  if ((await reader.receive()) !== undefined) throw new Error('the server sent more after its report')
}
