import type { ConnectDatagram } from '../frame/datagram.ts'
import type { Connection } from './types.ts'

/** The connection's reader as a WHATWG stream. It asks for a datagram when it is asked for one, never ahead. */
export function readableOf(connection: Connection): ReadableStream<ConnectDatagram> {
  const cancelled = new AbortController()
  return new ReadableStream<ConnectDatagram>(
    {
      async pull(controller) {
        const datagram = await connection.reader.receive({ signal: cancelled.signal })
        if (datagram === undefined) controller.close()
        else controller.enqueue(datagram)
      },
      cancel(reason) {
        cancelled.abort(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

/** The connection's writer as a WHATWG stream. */
export function writableOf(connection: Connection): WritableStream<ConnectDatagram> {
  return new WritableStream<ConnectDatagram>({
    start: controller => void connection.closed.catch(error => controller.error(error)),
    write: datagram => connection.writer.send(datagram),
    close: () => connection.writer.close(),
    abort: reason => connection.abort(reason),
  })
}
