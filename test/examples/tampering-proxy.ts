import { after } from 'node:test'
import { type ConnectDatagram, type Connection, connect, type Listener, listen } from 'connect-ts'

export type Change = (datagrams: AsyncIterable<ConnectDatagram>) => AsyncIterable<ConnectDatagram>

/** What is done to each direction; one that is not named passes as it is. */
export interface Changes {
  readonly toServer?: Change
  readonly toClient?: Change
}

/** Stands between a client and the server at `target`, and changes what they send. */
export async function tamperingProxy(
  address: string,
  target: string,
  { toServer = asItIs, toClient = asItIs }: Changes,
): Promise<Listener> {
  return listenAndServe(address, async client => {
    const server = await connect(target, { allowHalfOpen: true })
    after(() => server.abort())
    await Promise.all([pass(toServer(client.reader), server), pass(toClient(server.reader), client)])
  })
}

const asItIs: Change = datagrams => datagrams

/** Runs `serve` for each connection until the test file ends. */
export async function listenAndServe(
  address: string,
  serve: (connection: Connection) => Promise<void>,
): Promise<Listener> {
  const listener = await listen(address, { allowHalfOpen: true })
  after(() => listener.close())
  void (async () => {
    for await (const connection of listener) {
      after(() => connection.abort())
      serve(connection)
        .then(() => connection.close())
        .catch(error => connection.abort(error))
    }
  })()
  return listener
}

async function pass(datagrams: AsyncIterable<ConnectDatagram>, to: Connection): Promise<void> {
  for await (const datagram of datagrams) await to.writer.send(datagram)
  await to.writer.close()
}
