import type { TestContext } from 'node:test'
import type { Connection, Listener } from '../../../../src/index.ts'
import { receiveNumbered, sendNumbered } from '../../../support/data.ts'
import { connectError } from '../../../support/errors.ts'

/** Echoes whatever anybody sends, until the test is over. */
export async function serveEcho(t: TestContext, listener: Listener): Promise<void> {
  for await (const connection of listener) {
    t.after(() => connection.abort())
    void (async () => {
      for await (const datagram of connection.reader) await connection.writer.send(datagram)
    })().catch((error: unknown) => connectError(error))
  }
}

const AT_ONCE = 20
const LENGTH = 300

/** Sends so many messages, a few at a time, and takes each of them back, in order. */
export async function echo(connection: Connection, count: number, from = 0): Promise<void> {
  for (let i = from; i < from + count; i += AT_ONCE) {
    const some = Math.min(AT_ONCE, from + count - i)
    await Promise.all([
      sendNumbered(connection.writer, some, LENGTH, i),
      receiveNumbered(connection.reader, some, LENGTH, i),
    ])
  }
}
