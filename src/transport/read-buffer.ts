const LARGEST_BYTES = 64 * 1024
const LITTLE_BYTES = 16 * 1024

/** After a read of at least this, the next one goes to memory of its own. */
const MUCH_BYTES = 16 * 1024

/**
 * Where every socket of this thread is read into while little comes, so that an idle one needs no memory of its own.
 *
 * Two reads cannot be in it at once: libuv reads and tells of it in one go, and what was read is copied out before
 * anything else runs. It is never given away.
 */
const scratch = new Uint8Array(LARGEST_BYTES)

/**
 * The memory that a socket is read into: the scratch, or 64 KiB of its own after a large read.
 *
 * Memory that is given away is never offered to a read again, not even the rest of it: the user may have transferred it
 * to another thread by then. So a read that fills its own memory by half or more is given away with it, and any other is
 * copied to memory of exactly its size.
 */
export class ReadBuffer {
  /** Its own memory; nobody else has seen it. */
  #memory: Uint8Array | undefined

  /** Where the next read goes. Little of it, if what comes is likely to begin something that wants other memory. */
  room(little: boolean): Uint8Array {
    const memory = this.#memory ?? scratch
    return little ? memory.subarray(0, LITTLE_BYTES) : memory
  }

  /** The next read has brought so many bytes: the chunk that they are. */
  take(byteLength: number): Uint8Array {
    const chunk = this.#giveAway(byteLength)
    if (byteLength < MUCH_BYTES) this.#memory = undefined
    else this.#memory ??= new Uint8Array(Buffer.allocUnsafeSlow(LARGEST_BYTES).buffer)
    return chunk
  }

  #giveAway(byteLength: number): Uint8Array {
    const memory = this.#memory
    if (memory === undefined) return scratch.slice(0, byteLength)
    if (byteLength * 2 < memory.length) return memory.slice(0, byteLength)
    this.#memory = undefined
    return memory.subarray(0, byteLength)
  }
}
