import type { ConnectDatagram } from '../frame/datagram.ts'
import type { Taker } from './receivers.ts'
import type { Connection } from './types.ts'

/** The connection, as far as a stream needs it. */
export interface Ender extends Pick<Connection, 'writer' | 'abort'> {
  whenEnded(): Promise<void>
}

/** The reader, as far as a stream needs it. */
export interface Deliverer {
  deliver(asker: object, take: Taker): Promise<void>
  withdraw(asker: object): void
}

/**
 * The connection's reader as a WHATWG stream. It asks for a datagram when it is asked for one, never ahead, and gives back
 * what it has asked for when it is cancelled or errored.
 */
export function readableOf(reader: Deliverer): ReadableStream<ConnectDatagram> {
  const asker = {}
  return new ReadableStream<ConnectDatagram>(
    {
      pull: controller => reader.deliver(asker, datagram => hand(controller, datagram)),
      cancel: () => reader.withdraw(asker),
    },
    { highWaterMark: 0 },
  )
}

/** Returns whether the stream has taken it; one that was errored from outside takes nothing and tells nobody. */
function hand(
  controller: ReadableStreamDefaultController<ConnectDatagram>,
  datagram: ConnectDatagram | undefined,
): boolean {
  try {
    if (datagram === undefined) controller.close()
    else controller.enqueue(datagram)
    return true
  } catch {
    return false
  }
}

/** Node's types lack the signal. */
type Controller = WritableStreamDefaultController & { readonly signal: AbortSignal }

/**
 * The connection's writer as a WHATWG stream. A chunk that cannot be sent errors the stream, after which nothing can be
 * written or closed any more: so it breaks the connection, too.
 */
export function writableOf(connection: Ender): WritableStream<ConnectDatagram> {
  return new WritableStream<ConnectDatagram>({
    start: controller => void connection.whenEnded().catch(error => controller.error(error)),
    async write(datagram, controller) {
      const { signal } = controller as Controller
      try {
        // A stream that is aborted waits for the write that is under way.
        await connection.writer.send(datagram, { signal })
      } catch (error) {
        // Before the connection fails, so that the stream's error is the reason and not what follows from it.
        controller.error(error)
        connection.abort(signal.aborted ? signal.reason : (error as Error))
        throw error
      }
    },
    close: () => connection.writer.close(),
    abort: reason => connection.abort(reason),
  })
}
