import { ConnectError, ConnectErrorCode, show } from '../errors.ts'
import { INSPECT } from '../inspection.ts'
import { type Bytes, bytesIn } from './bytes.ts'
import { base64Of, describeBytes, identifyBytes } from './description.ts'
import { encodeFrame } from './encode.ts'
import { HEADER_BYTES, MAX_DATA_BYTES, MAX_RECIPIENT, VERSION } from './format.ts'
import { checkHeader, readRecipient } from './header.ts'

/**
 * Copies the data of a datagram that nobody has seen to `memory[at...]`, and lets go of where it was. Returns whether it
 * did: data that was asked for stays where it is.
 */
export let moveData: (datagram: ConnectDatagram, memory: Uint8Array, at: number) => boolean

const utf8Encoder = new TextEncoder()
// A byte order mark is part of the text: what was sent comes out again.
const utf8Decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Shows that the constructor was called from this file, with arguments that need no check. */
const UNCHECKED = Symbol('unchecked')

/**
 * A message: data and the recipient tag that travels with it.
 *
 * Immutable in shape, not in bytes: the data is a view, never a copy. The bytes of a datagram that you send belong
 * to the connection from `send()` until they have been flushed; change them only after that. A datagram that you
 * received is yours for as long as you keep it. It may share its memory with others that arrived or waited with it (up to
 * 64 KiB on `tcp:`, `tls:` and `unix:`, 256 KiB on `sctp:` and `dtls-sctp:`, 1 MiB on `memory:`), so copy the data
 * (`data.slice()`) if you keep a few small ones for long, or transfer it to a thread.
 *
 * One datagram may be sent any number of times and on any number of connections.
 *
 * Two datagrams are equal to `deepStrictEqual`, `toEqual` and the like exactly when their recipients and their bytes are.
 * `structuredClone` and `postMessage` copy properties only, and so lose the data: give them `encode()`, and `decode` it
 * at the other side. `JSON.stringify` has the data as Base64.
 */
export class ConnectDatagram {
  /** What the tag means is up to you; 0 to 65535. */
  readonly recipient: number

  readonly #length: number
  /** Where the data lies, for the view that has not been asked for yet. */
  #buffer: ArrayBufferLike | undefined
  #offset: number
  #view: Uint8Array | undefined

  /**
   * @param recipient a tag of your choice, 0 to 65535
   * @param data 1 to 100,000,000 bytes: a `Uint8Array`, any other view of a buffer, or a whole buffer, by its bytes; a
   * string is sent as UTF-8
   * @throws ConnectError `INVALID_ARGUMENT` for a recipient or data of the wrong type, out of range or empty,
   * `MESSAGE_TOO_LARGE` for data above 100,000,000 bytes
   */
  constructor(recipient: number, data: Bytes | string)
  constructor(recipient: number, data: Bytes | string, unchecked?: symbol, offset = 0, length = 0) {
    this.recipient = recipient
    if (unchecked === UNCHECKED) {
      this.#length = length
      this.#buffer = data as ArrayBufferLike
      this.#offset = offset
      this.#view = undefined
    } else {
      checkRecipient(recipient)
      const view = typeof data === 'string' ? utf8Encoder.encode(data) : bytesIn(data)
      checkData(view)
      this.#length = view.length
      this.#buffer = undefined
      this.#offset = 0
      this.#view = view
    }
  }

  static {
    moveData = (datagram, memory, at) => {
      if (datagram.#view !== undefined) return false
      memory.set(new Uint8Array(datagram.#buffer!, datagram.#offset, datagram.#length), at)
      datagram.#buffer = memory.buffer
      datagram.#offset = memory.byteOffset + at
      return true
    }
  }

  /**
   * Whether the data is still as long as it was: a buffer that was transferred to another thread takes its data along, and
   * one that can be resized may have more or less of it.
   *
   * @internal
   */
  get intact(): boolean {
    if (this.#view !== undefined) return this.#view.length === this.#length
    return this.#buffer!.byteLength >= this.#offset + this.#length
  }

  /** The version of the frame: always 1. */
  get version(): number {
    return VERSION
  }

  /**
   * A view of the data: the same one each time.
   *
   * @throws ConnectError `INVALID_ARGUMENT` if the buffer was transferred away before this was first asked for
   */
  get data(): Uint8Array {
    this.#view ??= this.#makeView()
    return this.#view
  }

  /** Bytes of data, without the header. */
  get byteLength(): number {
    return this.#length
  }

  /**
   * The data read as UTF-8; what is not valid UTF-8 becomes U+FFFD.
   *
   * @throws ConnectError `INVALID_ARGUMENT` if the buffer of the data was transferred away or resized
   */
  text(): string {
    return utf8Decoder.decode(this.#intactData())
  }

  /**
   * The whole frame, header and data, in a buffer of its own.
   *
   * @throws ConnectError `INVALID_ARGUMENT` if the buffer of the data was transferred away or resized
   */
  encode(): Uint8Array {
    return encodeFrame(this.recipient, this.#intactData())
  }

  /**
   * Reads exactly one whole frame, out of any view or buffer. The datagram's data is a view of `frame`.
   *
   * @throws ConnectError `INVALID_ARGUMENT` if `frame` is nothing of that or goes on after the frame's end,
   * `STREAM_TRUNCATED` if it ends before, `FRAME_SIZE_INVALID` and `VERSION_UNSUPPORTED` for a bad header
   */
  static decode(frame: Bytes): ConnectDatagram {
    return decodeFrame(frame)
  }

  /** What `JSON.stringify` shows: the recipient, and the data as Base64. @throws as `text()` */
  toJSON(): { recipient: number; data: string } {
    return { recipient: this.recipient, data: base64Of(this.#intactData()) }
  }

  /** `ConnectDatagram { recipient: 5, data: 12 bytes "Hello world!" }`; different for different data. */
  toString(): string {
    return `ConnectDatagram { recipient: ${this.recipient}, data: ${this[Symbol.toStringTag]} }`
  }

  /**
   * Names the data. What compares objects asks for this first, and would otherwise see the recipient alone: the data is no
   * property, because it would have to be made for every datagram that comes.
   */
  get [Symbol.toStringTag](): string {
    // Who replaces the classes of a module by mocks asks the prototype as well.
    if (!(#length in this)) return 'ConnectDatagram'
    return this.intact ? identifyBytes(this.data) : `${this.#length} bytes, lost`
  }

  /** @internal */
  [INSPECT](): string {
    if (!(#length in this)) return 'ConnectDatagram {}'
    const data = this.intact ? describeBytes(this.data) : `${this.#length} bytes, lost`
    return `ConnectDatagram { recipient: ${this.recipient}, data: ${data} }`
  }

  #intactData(): Uint8Array {
    if (!this.intact) throw lostData()
    return this.data
  }

  #makeView(): Uint8Array {
    try {
      return new Uint8Array(this.#buffer!, this.#offset, this.#length)
    } catch {
      throw lostData()
    }
  }
}

const Raw = ConnectDatagram as unknown as new (
  recipient: number,
  buffer: ArrayBufferLike,
  unchecked: symbol,
  offset: number,
  length: number,
) => ConnectDatagram

/**
 * Makes the datagram whose data is the `length` bytes at `offset` of `buffer`, unchecked. The view is made when it is
 * asked for.
 *
 * Takes the buffer and not a view of it: in V8, `view.buffer` costs twice as much as making a view does.
 */
export function datagramIn(
  recipient: number,
  buffer: ArrayBufferLike,
  offset: number,
  length: number,
): ConnectDatagram {
  return new Raw(recipient, buffer, UNCHECKED, offset, length)
}

/** The buffer of a datagram's data was transferred away, or resized. */
export function lostData(): ConnectError {
  return new ConnectError(
    ConnectErrorCode.INVALID_ARGUMENT,
    'datagram has lost its data: the buffer was transferred or resized',
  )
}

/** What was to be sent is no datagram; or one of another copy of this package, which shows. */
export function noDatagram(value: unknown): ConnectError {
  const name = (value as object | null | undefined)?.constructor?.name
  const what =
    name === 'ConnectDatagram'
      ? 'datagram is a ConnectDatagram of another copy of connect-ts: the package is installed or loaded twice'
      : `datagram must be a ConnectDatagram; it is ${show(value)}`
  return new ConnectError(ConnectErrorCode.INVALID_ARGUMENT, what)
}

function decodeFrame(given: Bytes): ConnectDatagram {
  const frame = bytesIn(given)
  if (frame === undefined) {
    throw new ConnectError(
      ConnectErrorCode.INVALID_ARGUMENT,
      `frame must be a Uint8Array, another view or a buffer; it is ${show(given)}`,
    )
  }
  if (frame.length < HEADER_BYTES) {
    throw new ConnectError(
      ConnectErrorCode.STREAM_TRUNCATED,
      `frame ends inside its header: ${frame.length} of ${HEADER_BYTES} bytes`,
    )
  }
  const frameBytes = HEADER_BYTES + checkHeader(frame, 0, MAX_DATA_BYTES)
  if (frame.length < frameBytes) {
    throw new ConnectError(
      ConnectErrorCode.STREAM_TRUNCATED,
      `frame ends inside its data: ${frame.length} of ${frameBytes} bytes`,
    )
  }
  if (frame.length > frameBytes) {
    throw new ConnectError(
      ConnectErrorCode.INVALID_ARGUMENT,
      `frame must hold exactly one frame: it has ${frame.length} bytes, its header says ${frameBytes}`,
    )
  }
  return datagramIn(
    readRecipient(frame, 0),
    frame.buffer,
    frame.byteOffset + HEADER_BYTES,
    frameBytes - HEADER_BYTES,
  )
}

function checkRecipient(recipient: number): void {
  if (!Number.isInteger(recipient) || recipient < 0 || recipient > MAX_RECIPIENT) {
    throw new ConnectError(
      ConnectErrorCode.INVALID_ARGUMENT,
      `recipient must be a whole number from 0 to ${MAX_RECIPIENT}; it is ${show(recipient)}`,
    )
  }
}

function checkData(data: Uint8Array | undefined): asserts data is Uint8Array {
  if (data === undefined) {
    throw new ConnectError(
      ConnectErrorCode.INVALID_ARGUMENT,
      'data must be a Uint8Array, another view, a buffer or a string',
    )
  }
  if (data.length === 0) {
    throw new ConnectError(ConnectErrorCode.INVALID_ARGUMENT, 'data must not be empty')
  }
  if (data.length > MAX_DATA_BYTES) {
    throw new ConnectError(
      ConnectErrorCode.MESSAGE_TOO_LARGE,
      `data is ${data.length} bytes; the limit is ${MAX_DATA_BYTES}`,
    )
  }
}
