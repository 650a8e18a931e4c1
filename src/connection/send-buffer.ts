import { ConnectError, ConnectErrorCode } from '../errors.ts'
import { canChangeLength } from '../frame/bytes.ts'
import type { ConnectDatagram } from '../frame/datagram.ts'
import { HEADER_BYTES } from '../frame/format.ts'
import { writeHeader } from '../frame/header.ts'

/** Data up to this length is copied behind its header; larger data goes out from where it lies. */
const COPY_BYTES = 16 * 1024

/** A slab starts small, for the many connections that say little, and grows while it fills up. */
const FIRST_SLAB_BYTES = 1024
const LARGEST_SLAB_BYTES = 64 * 1024

/** Free slabs that are kept while the connection is busy: as many as can be in flight, which is most in a session. */
const SPARE_SLABS = 64

/**
 * Frames that wait to be written, as the list of segments that one write takes.
 *
 * Small frames are copied one after the other into slabs, so that a write has few segments; large data is a segment
 * of its own, uncopied.
 */
export class SendBuffer {
  #segments: Uint8Array[] = []
  /** For each segment, whether it is large data, behind a header that is in the segment before it. */
  #isData: boolean[] = []
  /** For each segment, how many frames begin in it; and how many in what is in no segment yet. */
  #begins: number[] = []
  #runBegins = 0
  #begun = 0
  /** The slab that is being filled; its bytes [#from, #to) are in no segment yet. */
  #slab: Uint8Array | undefined
  #from = 0
  #to = 0
  #byteLength = 0
  #holdsLarge = false
  #takenBytes = 0
  readonly #spares: Uint8Array[] = []
  /** Full slabs in use, each with the count of taken bytes at which it is free. */
  readonly #used: { readonly slab: Uint8Array; readonly freeAt: number }[] = []

  /** Bytes that wait. */
  get byteLength(): number {
    return this.#byteLength
  }

  /** Whether large data, uncopied, is among it. */
  get holdsLarge(): boolean {
    return this.#holdsLarge
  }

  /** Whether there is memory that `trim` would give back. */
  get holdsSpares(): boolean {
    return this.#spares.length > 0 || (this.#slab !== undefined && this.#slab.length > FIRST_SLAB_BYTES)
  }

  append(datagram: ConnectDatagram): void {
    const dataBytes = datagram.byteLength
    const copied = dataBytes <= COPY_BYTES
    const at = this.#reserve(copied ? HEADER_BYTES + dataBytes : HEADER_BYTES)
    const slab = this.#slab!
    this.#runBegins++
    writeHeader(slab, at, datagram.recipient, dataBytes)
    if (copied) {
      slab.set(datagram.data, at + HEADER_BYTES)
    } else {
      this.#endRun()
      this.#push(ofFixedLength(datagram.data, dataBytes), true)
      this.#holdsLarge = true
    }
    this.#byteLength += HEADER_BYTES + dataBytes
  }

  /** Frames that begin in what was taken so far. */
  get begun(): number {
    return this.#begun
  }

  /** Bytes that the last of them lacks: 0 if what was taken ends with a frame. */
  get tail(): number {
    return this.#isData[0] === true ? this.#segments[0]!.length : 0
  }

  /** Whether what was taken so far ends inside a frame. */
  get midFrame(): boolean {
    return this.#isData[0] === true
  }

  /**
   * Takes up to about `most` bytes out, in order; frames are cut only inside large data. The segments stay untouched
   * until `release` has been told of them.
   *
   * @param most at least the length of the largest slab
   * @throws ConnectError `INVALID_ARGUMENT` if large data was transferred away while it waited: the stream is broken
   */
  take(most: number): { readonly segments: readonly Uint8Array[]; readonly byteLength: number } {
    this.#endRun()
    let byteLength = 0
    let count = 0
    while (count < this.#segments.length && byteLength + this.#segments[count]!.length <= most) {
      const { length } = this.#segments[count++]!
      if (length === 0) throw transferredError()
      byteLength += length
    }
    for (let i = 0; i < count; i++) this.#begun += this.#begins[i]!
    const segments = this.#segments.splice(0, count)
    this.#isData.splice(0, count)
    this.#begins.splice(0, count)
    if (this.#isData[0] === true && byteLength < most) {
      segments.push(this.#cut(most - byteLength))
      byteLength = most
    }
    if (this.#segments.length === 0) this.#holdsLarge = false
    this.#byteLength -= byteLength
    this.#takenBytes += byteLength
    return { segments, byteLength }
  }

  /** Frees the memory of the first `writtenBytes` bytes that were ever taken. */
  release(writtenBytes: number): void {
    while (this.#used.length > 0 && this.#used[0]!.freeAt <= writtenBytes) {
      const { slab } = this.#used.shift()!
      if (this.#spares.length < SPARE_SLABS && slab.length === LARGEST_SLAB_BYTES) this.#spares.push(slab)
    }
    if (this.#byteLength === 0 && writtenBytes === this.#takenBytes) {
      this.#from = 0
      this.#to = 0
    }
  }

  /** Gives memory back, when nothing waits and nothing is in flight. */
  trim(): void {
    this.#slab = undefined
    this.#from = 0
    this.#to = 0
    this.#spares.length = 0
  }

  /** Makes room for `bytes` in the slab; returns where. */
  #reserve(bytes: number): number {
    if (this.#slab === undefined || this.#to + bytes > this.#slab.length) this.#nextSlab(bytes)
    const at = this.#to
    this.#to += bytes
    return at
  }

  #nextSlab(bytes: number): void {
    this.#endRun()
    const last = this.#slab
    if (last !== undefined) this.#used.push({ slab: last, freeAt: this.#takenBytes + this.#byteLength })
    const wanted = last === undefined ? FIRST_SLAB_BYTES : Math.min(last.length * 8, LARGEST_SLAB_BYTES)
    this.#slab = this.#spares.pop() ?? new Uint8Array(Math.max(wanted, bytes))
    this.#from = 0
    this.#to = 0
  }

  /** What lies in the slab becomes a segment. */
  #endRun(): void {
    if (this.#to === this.#from) return
    this.#push(this.#slab!.subarray(this.#from, this.#to), false)
    this.#from = this.#to
  }

  #push(segment: Uint8Array, isData: boolean): void {
    this.#segments.push(segment)
    this.#isData.push(isData)
    this.#begins.push(isData ? 0 : this.#runBegins)
    if (!isData) this.#runBegins = 0
  }

  /** Takes the first bytes of the large data that is next; it has more. */
  #cut(bytes: number): Uint8Array {
    const data = this.#segments[0]!
    this.#segments[0] = data.subarray(bytes)
    return data.subarray(0, bytes)
  }
}

/** The data itself, or a copy of it where a header that says its length could become wrong. */
function ofFixedLength(data: Uint8Array, length: number): Uint8Array {
  const { buffer, byteOffset } = data
  return canChangeLength(buffer) ? new Uint8Array(new Uint8Array(buffer, byteOffset, length)) : data
}

function transferredError(): ConnectError {
  return new ConnectError(
    ConnectErrorCode.INVALID_ARGUMENT,
    'data was transferred away while it waited to be sent',
  )
}
