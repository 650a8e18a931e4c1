/**
 * What the core needs from the runtime: a clock, a turn of the event loop, memory, and a little cryptography. The one
 * seam between the portable layers and the platform; tests put a simulated one in its place.
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

/** What sessions need beside that. */
export interface SecurePlatform extends Platform {
  /** Bytes that nobody can guess. */
  randomBytes(byteLength: number): Uint8Array
  /** HMAC-SHA-256 (RFC 2104, RFC 6234). */
  hmac(key: Uint8Array, message: Uint8Array): Promise<Uint8Array>
}

const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const

/** The running platform, by the globals that Node, Bun, Deno and browsers share. */
export const systemPlatform: SecurePlatform = {
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
  randomBytes: byteLength => crypto.getRandomValues(new Uint8Array(byteLength)),
  async hmac(key, message) {
    const { subtle } = crypto
    const imported = await subtle.importKey('raw', key.slice(), HMAC, false, ['sign'])
    return new Uint8Array(await subtle.sign(HMAC, imported, message.slice()))
  },
}

/** Shows the operator what no caller can be told: on Node, as a warning of the process. */
export function showWarning(message: string, detail?: string): void {
  if (typeof process === 'object' && typeof process.emitWarning === 'function') {
    process.emitWarning(message, { type: 'ConnectWarning', ...(detail !== undefined && { detail }) })
  } else console.warn(message, detail ?? '')
}
