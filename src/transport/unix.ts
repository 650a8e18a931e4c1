import { randomUUID } from 'node:crypto'
import { link, lstat, rename, unlink } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { ConnectError } from '../errors.ts'
import type { ConnectSettings, ListenSettings } from '../options.ts'
import { type Address, addressError } from './address.ts'
import type { ByteStream, ByteStreamListener, ByteStreamListenerSink } from './byte-stream.ts'
import { dialWithin } from './host-dial.ts'
import { codeOf } from './node-errors.ts'
import { SocketAttempt } from './socket-dial.ts'
import { bindSockets, type SocketListener, type SocketListenerParts } from './socket-listener.ts'
import { sendStrayByte, watchHalfOpen } from './socket-reset.ts'
import { type SocketManners, SocketStream } from './socket-stream.ts'

export const usesTls = false

/** What a `sockaddr_un` has room for. A longer path would be cut without a word. */
const LONGEST_PATH_BYTES = process.platform === 'linux' ? 107 : 103

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
  return dialWithin(connecting, address, settings)
}

/** Takes over the file of a listener that has died without removing it. */
export async function bind(
  address: Address,
  settings: ListenSettings,
  sink: ByteStreamListenerSink,
): Promise<ByteStreamListener> {
  const path = pathOf(address)
  const addresses = { localAddress: formatPath(path), remoteAddress: UNNAMED }
  const parts: SocketListenerParts = {
    target: { path },
    address,
    settings,
    onSocket: reads => sink.onStream(new SocketStream(reads, addresses, settings, manners)),
    onRejected: error => sink.onRejected(error),
    turnAway: socket => breakOff(socket, false),
  }
  const listener = await bindOrTakeOver(parts, path)
  return { address: addresses.localAddress, close: () => listener.close() }
}

async function bindOrTakeOver(parts: SocketListenerParts, path: string): Promise<SocketListener> {
  try {
    return await bindSockets(parts)
  } catch (error) {
    const inUse = error instanceof ConnectError && codeOf(error.cause) === 'EADDRINUSE'
    if (!inUse || !(await removeStale(path))) throw error
    return bindSockets(parts)
  }
}

/**
 * Removes the file of a listener that is dead; says whether it did. The file is moved aside first and asked again there,
 * so that of several who find it stale only one removes it, and nobody a live one that came in between.
 */
async function removeStale(path: string): Promise<boolean> {
  const aside = `${path}.${process.pid}-${randomUUID().slice(0, 8)}`
  try {
    if (!(await lstat(path)).isSocket() || (await answers(path))) return false
    await rename(path, aside)
    const live = await answers(aside)
    if (live) await link(aside, path).catch(() => {}) // somebody else has taken the name
    await unlink(aside)
    return !live
  } catch {
    return false
  }
}

/** Whether someone listens at the path. Anything but a refusal counts as yes. */
function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = connect({ path })
    probe.on('error', error => resolve(codeOf(error) !== 'ECONNREFUSED'))
    probe.on('connect', () => {
      probe.destroy()
      resolve(true)
    })
  })
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
