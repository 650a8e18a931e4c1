import cluster from 'node:cluster'
import type { Socket } from 'node:net'
import { getSystemErrorMap } from 'node:util'
import { aborted, asConnectError, ConnectError, ConnectErrorCode } from '../errors.ts'
import { optionError } from '../option-rules.ts'
import type { ConnectSettings, ListenSettings } from '../options.ts'
import { type Address, addressError } from './address.ts'
import type { ByteStream, ByteStreamListener, ByteStreamListenerSink } from './byte-stream.ts'
import { dialWithin } from './host-dial.ts'
import { codeOf } from './node-errors.ts'
import { SocketAttempt } from './socket-dial.ts'
import { bindSockets, type SocketListener } from './socket-listener.ts'
import { sendStrayByte, watchHalfOpen } from './socket-reset.ts'
import { type SocketManners, SocketStream } from './socket-stream.ts'
import { UnixFile } from './unix-file.ts'
import { LONGEST_PATH_BYTES } from './unix-folder.ts'
import { missingFolder } from './unix-missing.ts'
import { removeStale } from './unix-stale.ts'

export const usesTls = false

/** The end of a Unix socket that was not bound to a path. */
const UNNAMED = 'unix://'

/** `unix:///path/to.sock`: a stream socket of the file system. */
export async function dial(address: Address, settings: ConnectSettings): Promise<ByteStream> {
  const path = pathOf(address)
  const addresses = { localAddress: UNNAMED, remoteAddress: formatPath(path) }
  const connecting = new SocketAttempt({
    target: { path },
    settings,
    make: reads => new SocketStream(reads, addresses, settings, manners),
  })
  try {
    return await dialWithin(connecting, address, settings)
  } catch (error) {
    throw await dialError(error, path, address)
  }
}

/** Takes over the file of a listener that has died without removing it. */
export async function bind(
  address: Address,
  settings: ListenSettings,
  sink: ByteStreamListenerSink,
): Promise<ByteStreamListener> {
  const path = pathOf(address)
  const addresses = { localAddress: formatPath(path), remoteAddress: UNNAMED }
  const bindTo = (path: string): Promise<SocketListener> =>
    bindSockets({
      target: { path },
      address,
      settings,
      onSocket(reads, place) {
        sink.onStream(new SocketStream(reads, addresses, settings, manners))
        place.established()
      },
      onRejected: error => sink.onRejected(error),
      peerOf: () => UNNAMED,
      turnAway: socket => breakOff(socket, false),
    })
  const { localAddress } = addresses
  if (cluster.isWorker) return { address: localAddress, ...(await bindShared(path, settings, bindTo)) }
  const { bound, file } = await UnixFile.make(path, settings.socketMode, bindTo).catch(async error => {
    throw await listenError(error, path, address)
  })
  const close = (): Promise<void> => {
    file.remove()
    return bound.close()
  }
  if (settings.signal?.aborted) {
    await close()
    throw aborted(`listening on ${address.text}`, settings.signal.reason)
  }
  return { address: localAddress, close }
}

/** The workers of a cluster share a socket, which the primary process makes and removes. */
async function bindShared(
  path: string,
  { socketMode }: ListenSettings,
  bindTo: (path: string) => Promise<SocketListener>,
): Promise<SocketListener> {
  if (socketMode !== undefined) throw optionError('socketMode', 'has no meaning in a worker of a cluster')
  try {
    return await bindTo(path)
  } catch (error) {
    const inUse = error instanceof ConnectError && codeOf(error.cause) === 'EADDRINUSE'
    if (!inUse || !(await removeStale(path))) throw error
    return bindTo(path)
  }
}

async function dialError(error: unknown, path: string, { text }: Address): Promise<unknown> {
  if (!(error instanceof ConnectError)) return error
  const { code, cause } = error
  const none = codeOf(cause) === 'ENOENT' ? `there is no socket ${path}` : undefined
  const why = (await missingFolder(path, cause)) ?? none
  return why === undefined ? error : new ConnectError(code, `connecting to ${text} failed: ${why}`, { cause })
}

/** What has gone wrong, without the private path that Node's message ends with. */
async function listenError(error: unknown, path: string, { text }: Address): Promise<ConnectError> {
  const what = `listening on ${text}`
  const listened = asConnectError(error, ConnectErrorCode.LISTEN_FAILED, what)
  if (listened.code !== ConnectErrorCode.LISTEN_FAILED) return listened
  const { cause } = listened
  const known = getSystemErrorMap().get((cause as { errno?: number }).errno ?? 0)
  const why = (await missingFolder(path, cause)) ?? known?.join(': ')
  return why === undefined ? listened : new ConnectError(listened.code, `${what} failed: ${why}`, { cause })
}

const manners: SocketManners = {
  reset: breakOff,
  onEnd(socket, settings, confirmed) {
    confirmed()
    watchHalfOpen(socket, settings)
  },
}

/** How long a broken connection stays behind for a peer that does not read. */
const LINGER_MS = 10_000

/**
 * A Unix socket has no reset. Ending inside a frame, if need be inside one that consists of a stray byte, tells the peer
 * that this is no clean end. It takes all that was written before, because the operating system may have cut that
 * between two frames; a peer that reads nothing of it for `LINGER_MS` is left with what it has.
 */
function breakOff(socket: Socket, midFrame: boolean): void {
  socket.pause().unref()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref()
  socket.once('close', () => clearTimeout(timer))
  const destroy = (): void => void socket.destroy()
  if (midFrame && socket.writable) socket.write(new Uint8Array(0), destroy)
  else sendStrayByte(socket, destroy)
}

function pathOf(address: Address): string {
  if (address.host !== '' || address.port !== undefined) {
    throw addressError(address.text, 'a Unix socket has no host; three slashes come before its path')
  }
  if (address.path === '' || address.path === '/') {
    throw addressError(address.text, 'the path is missing, as in unix:///tmp/my.sock')
  }
  const length = Buffer.byteLength(address.path)
  if (length > LONGEST_PATH_BYTES) {
    throw addressError(address.text, `the path has ${length} bytes; the limit is ${LONGEST_PATH_BYTES}`)
  }
  return address.path
}

function formatPath(path: string): string {
  return `unix://${path.split('/').map(encodeURIComponent).join('/')}`
}
