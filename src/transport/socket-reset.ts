import type { Socket } from 'node:net'
import type { ConnectionSettings } from '../options.ts'

/** Where the system's own keep-alive delay is used, which we do not know. */
const DEFAULT_WATCH_MS = 30_000

/** How long a reset waits for the end of this direction, if it has to. */
const LONGEST_END_MS = 1000

/**
 * Breaks a TCP connection with a reset (RFC 9293, section 3.10.7), so that the peer gets an error and not an end.
 *
 * While the end of this direction is on its way to the operating system, libuv refuses to reset, and Node then never
 * closes the socket. So we wait for it: a turn of the event loop on TCP, longer where a TLS peer does not read; then the
 * socket is closed without a reset, and lacks its `close_notify`.
 *
 * @param writer what ends this direction of the socket: itself, or the TLS socket over it
 */
export function resetSocket(socket: Socket, writer: Socket = socket): void {
  const ending = writer.writableEnded && !writer.writableFinished && writer.writableLength === 0
  if (!ending || socket.destroyed) {
    socket.resetAndDestroy()
    return
  }
  const timer = setTimeout(() => socket.destroy(), LONGEST_END_MS)
  socket.once('close', () => clearTimeout(timer))
  writer.once('finish', () => socket.resetAndDestroy())
}

/** A frame that has begun and never goes on: whoever reads it knows that this is no clean end. */
const STRAY_BYTE = Uint8Array.of(0)

/**
 * Tells a peer that this stream is broken, in the stream itself; calls back when the operating system has taken it.
 * It follows all that was written before.
 */
export function sendStrayByte(socket: Socket, sent: () => void = ignore): void {
  if (socket.writable) socket.write(STRAY_BYTE, sent)
  else sent()
}

/**
 * Finds out whether the end of a TCP stream is one, as long as this end can still write.
 *
 * Where a reset comes while bytes wait to be read, libuv shows those bytes and then an end in place of the error (the
 * short-cut for `POLLHUP` in `uv__stream_io`). The error is still there, and a write of no bytes at all meets it; then
 * the socket fails, and `confirmed` is never called.
 */
export function confirmEnd(socket: Socket, confirmed: () => void): void {
  if (!socket.writable) confirmed()
  else if (socket.writableLength > 0) afterTwoTurns(() => !socket.destroyed && confirmed())
  else {
    socket.write(new Uint8Array(0), error => {
      if (!error) confirmed()
    })
  }
}

/** By then, a write that was waiting has met the error. It may also wait for long, if the peer reads nothing. */
function afterTwoTurns(callback: () => void): void {
  setImmediate(() => setImmediate(callback))
}

/**
 * Once the peer has ended, nothing is read any more, and a peer that breaks off would go unnoticed until the next write.
 * So a write of no bytes asks now and then, as often as keep-alive probes would; an error fails the socket.
 *
 * @param writer what writes to the socket: itself, or the TLS socket over it. While that has writes under way, a write
 * past it would be taken for one of its own, and there is nothing to ask: its own writes meet the error.
 */
export function watchHalfOpen(socket: Socket, settings: ConnectionSettings, writer: Socket = socket): void {
  const everyMs = settings.keepAliveDelayMs || DEFAULT_WATCH_MS
  const timer = setInterval(() => {
    if (writer.writable && writer.writableLength === 0) socket.write(new Uint8Array(0))
  }, everyMs).unref()
  socket.once('close', () => clearInterval(timer))
}

function ignore(): void {}
