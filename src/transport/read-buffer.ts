const SMALLEST_BYTES = 1024
const LARGEST_BYTES = 64 * 1024
const LITTLE_BYTES = 16 * 1024

/**
 * The memory that a socket is read into. What has been read is never written again, so the chunks can be given away;
 * a read that leaves room is followed by one into the rest.
 *
 * The size follows what comes: an idle connection holds 1 KiB, a busy one reads 256 KiB at a time.
 */
export class ReadBuffer {
  #memory = Buffer.allocUnsafeSlow(SMALLEST_BYTES)
  #at = 0

  /** Where the next read goes. Little of it, if what comes is likely to begin something that wants other memory. */
  room(little: boolean): Uint8Array {
    const end = little ? Math.min(this.#at + LITTLE_BYTES, this.#memory.length) : this.#memory.length
    return this.#memory.subarray(this.#at, end)
  }

  /** The next read has brought so many bytes: the chunk that they are. */
  take(byteLength: number): Uint8Array {
    const chunk = this.#memory.subarray(this.#at, this.#at + byteLength)
    this.#at += byteLength
    if (this.#memory.length - this.#at < 2 * byteLength) this.#renew(8 * byteLength)
    return chunk
  }

  #renew(wanted: number): void {
    this.#memory = Buffer.allocUnsafeSlow(Math.max(SMALLEST_BYTES, Math.min(wanted, LARGEST_BYTES)))
    this.#at = 0
  }
}
