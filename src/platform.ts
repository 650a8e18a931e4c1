/**
 * What the core needs from the runtime: a clock, a turn of the event loop, and memory. The one seam between the portable
 * layers and the platform; tests put a simulated one in its place.
 */
export interface Platform {
  /** Milliseconds from any fixed point; never goes back. */
  now(): number
  /** Calls back once after `ms`; returns what cancels it. */
  startTimer(callback: () => void, ms: number): () => void
  /** Calls back after the input that is ready now has been read: the next turn of the event loop. */
  nextTurn(callback: () => void): void
  /** Memory for the caller to fill: what is in it before is anything. */
  allocate(byteLength: number): Uint8Array
}

/** The running platform, by the globals that Node, Bun, Deno and browsers share. */
export const systemPlatform: Platform = {
  now: () => performance.now(),
  startTimer(callback, ms) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
  nextTurn:
    typeof setImmediate === 'function'
      ? callback => void setImmediate(callback)
      : callback => void setTimeout(callback, 0),
  allocate:
    typeof Buffer === 'function'
      ? byteLength => Buffer.allocUnsafeSlow(byteLength)
      : byteLength => new Uint8Array(byteLength),
}
