const LARGEST_BYTES = 64 * 1024
const LITTLE_BYTES = 16 * 1024

/** After a read of less than this, the next one goes to the scratch. */
const MUCH_BYTES = 4 * 1024

/**
 * Where every socket of this thread is read into while little comes, so that an idle one needs no memory of its own.
 *
 * Two reads cannot be in it at once: libuv reads and tells of it in one go, and what was read is copied out before
 * anything else runs. It is never given away.
 */
const scratch = new Uint8Array(LARGEST_BYTES)
const littleScratch = scratch.subarray(0, LITTLE_BYTES)

/**
 * The memory that a socket is read into. What has been read is never written again, so the chunks can be given away.
 *
 * Small reads go by way of the scratch, to memory of exactly their size. After a large one there is memory for several
 * like it, and a read that leaves room is followed by one into the rest.
 */
export class ReadBuffer {
  #memory: Uint8Array | undefined
  #at = 0

  /** Where the next read goes. Little of it, if what comes is likely to begin something that wants other memory. */
  room(little: boolean): Uint8Array {
    if (this.#memory === undefined) return little ? littleScratch : scratch
    const end = little ? Math.min(this.#at + LITTLE_BYTES, this.#memory.length) : this.#memory.length
    return this.#memory.subarray(this.#at, end)
  }

  /** The next read has brought so many bytes: the chunk that they are. */
  take(byteLength: number): Uint8Array {
    const chunk = this.#memory?.subarray(this.#at, this.#at + byteLength) ?? scratch.slice(0, byteLength)
    this.#at += byteLength
    if (this.#memory === undefined || this.#memory.length - this.#at < 2 * byteLength) this.#renew(byteLength)
    return chunk
  }

  #renew(byteLength: number): void {
    this.#memory =
      byteLength < MUCH_BYTES ? undefined : Buffer.allocUnsafeSlow(Math.min(8 * byteLength, LARGEST_BYTES))
    this.#at = 0
  }
}
