import type { Platform } from '../../../platform.ts'
import { type DtlsConnection, type DtlsFailure, HANDSHAKE_DATAGRAM_BYTES } from '../engine/dtls-engine.ts'
import { epochAt } from '../engine/record-header.ts'
import { DatagramMemory } from './datagram-memory.ts'
import { isApplicationData, MAX_DATA_BYTES, RECORD_OVERHEAD_BYTES, recordsOf } from './records.ts'

/** Most records of the next epoch that are kept until the handshake is done. Most handshakes need none. */
const MAX_EARLY_RECORDS = 8

/** What takes datagrams to the peer. */
export interface DatagramCarrier {
  send(datagram: Uint8Array): void
  /** Whether all that was sent is with the operating system. */
  readonly isDrained: boolean
  /** Several records may share a datagram of so many bytes; 0: each has its own. */
  readonly sharedDatagramBytes: number
  /** Most data that `send` is given. */
  readonly largestDataBytes: number
}

/** Whom a link serves. */
export interface DtlsLinkUser {
  /** The handshake is done, and the peer is who it should be. */
  onUp(): void
  /** Data of one record; its memory is the user's. */
  onData(data: Uint8Array): void
  /** The peer has sent `close_notify`. */
  onEnd(): void
  /** The connection has failed: a refusal by either end, or a fatal alert. The last call. */
  onFailed(failure: DtlsFailure): void
}

/** One for all links: what is in it is handed to the operating system in one go. */
const memory = new DatagramMemory()

/** A DTLS connection over datagrams: takes them apart and puts them together, and keeps the time of the handshake. */
export class DtlsLink {
  readonly #connection: DtlsConnection
  readonly #carrier: DatagramCarrier
  readonly #user: DtlsLinkUser
  readonly #platform: Platform
  #earlyRecords = 0
  #isUp = false
  #isClosed = false
  #waitingBytes = 0
  #cancelTimer: (() => void) | undefined

  constructor(connection: DtlsConnection, carrier: DatagramCarrier, user: DtlsLinkUser, platform: Platform) {
    this.#connection = connection
    this.#carrier = carrier
    this.#user = user
    this.#platform = platform
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Sends what the handshake begins with. */
  start(): void {
    this.#sendFlight()
  }

  /** Takes a datagram that has come. Its memory belongs to whoever is given its data. */
  receive(datagram: Uint8Array): void {
    for (const record of recordsOf(datagram)) {
      if (this.#isClosed) return
      if (this.#isTooEarly(record)) continue
      const byteLength = this.#open(record)
      if (byteLength > 0) this.#user.onData(record.subarray(0, byteLength))
      else if (!this.#isClosed) this.#afterHandshakeRecord()
    }
  }

  /** Sends data, at once or with the next `flush`. What cannot be sent is lost, as on any network. */
  send(data: Uint8Array): void {
    if (!this.#isUp || this.#isClosed) return
    try {
      this.#connection.send(data)
    } catch (failure) {
      this.#failSoon(failure as DtlsFailure)
      return
    }
    this.#waitingBytes += data.length + RECORD_OVERHEAD_BYTES
    const { largestDataBytes, sharedDatagramBytes } = this.#carrier
    if (this.#waitingBytes + largestDataBytes + RECORD_OVERHEAD_BYTES > sharedDatagramBytes) this.flush()
  }

  flush(): void {
    if (this.#waitingBytes === 0 || this.#isClosed) return
    this.#waitingBytes = 0
    const datagram = memory.take(this.#connection.waitingBytes)
    this.#connection.take(datagram)
    this.#carrier.send(datagram)
    memory.release(!this.#carrier.isDrained)
  }

  /** Sends `close_notify`, if there is something to close, and lets go of the connection. Doing it twice does nothing. */
  close(): void {
    if (this.#isClosed) return
    this.flush()
    if (this.#isUp) {
      this.#connection.end()
      this.#sendFlight()
    }
    this.#free()
  }

  /**
   * Whether a record is protected by keys that this end does not have yet, and enough of its kind wait already. OpenSSL 3.0
   * keeps a hundred of them, each in a buffer for the largest, and anybody can send such records.
   */
  #isTooEarly(record: Uint8Array): boolean {
    if (this.#isUp || epochAt(record, 0) === 0) return false
    // The Finished is always read, once it can be.
    if (!isApplicationData(record) && this.#connection.hasPeerKeys) return false
    return this.#earlyRecords++ >= MAX_EARLY_RECORDS
  }

  /** Puts a record's data in its place; returns how much there is. */
  #open(record: Uint8Array): number {
    try {
      return this.#connection.receive(record, record)
    } catch (failure) {
      this.#fail(failure as DtlsFailure)
      return 0
    }
  }

  #afterHandshakeRecord(): void {
    const connection = this.#connection
    this.#sendFlight()
    if (!this.#isUp && connection.isUp) this.#up()
    if (!this.#isClosed && connection.isEndedByPeer) this.#user.onEnd()
  }

  #up(): void {
    this.#isUp = true
    this.#user.onUp()
    const data = new Uint8Array(MAX_DATA_BYTES)
    while (!this.#isClosed) {
      const byteLength = this.#openEarly(data)
      if (byteLength === 0) return
      this.#user.onData(data.slice(0, byteLength))
    }
  }

  /** The same for records that came before the handshake was done. */
  #openEarly(into: Uint8Array): number {
    try {
      return this.#connection.receiveEarly(into)
    } catch (failure) {
      this.#fail(failure as DtlsFailure)
      return 0
    }
  }

  /** What is no data: each flight of the handshake is split where its datagrams would become too long. */
  #sendFlight(): void {
    this.flush()
    if (this.#connection.waitingBytes > 0) {
      const flight = this.#connection.takeAll()
      for (const datagram of datagramsOf(flight)) this.#carrier.send(datagram)
    }
    this.#setTimer()
  }

  #setTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const ms = this.#isUp ? undefined : this.#connection.timeoutMs()
    if (ms !== undefined) {
      this.#cancelTimer = this.#platform.startTimer(() => this.#onTimer(), Math.max(1, Math.ceil(ms)))
    }
  }

  #onTimer(): void {
    try {
      this.#connection.onTimeout()
      this.#sendFlight()
    } catch (failure) {
      this.#fail(failure as DtlsFailure)
    }
  }

  /** From inside a call of the user's, who is not ready to be called. */
  #failSoon(failure: DtlsFailure): void {
    this.#platform.nextTurn(() => {
      if (!this.#isClosed) this.#fail(failure)
    })
  }

  /** The peer is told why, as far as OpenSSL has prepared an alert. */
  #fail(failure: DtlsFailure): void {
    const alert = this.#connection.takeAll()
    if (alert.length > 0) this.#carrier.send(alert)
    this.#free()
    this.#user.onFailed(failure)
  }

  #free(): void {
    this.#isClosed = true
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#connection.free()
  }
}

/** As many whole records in each datagram as it may have. */
function* datagramsOf(flight: Uint8Array): Generator<Uint8Array> {
  let start = 0
  let end = 0
  for (const { length } of recordsOf(flight)) {
    if (end > start && end + length - start > HANDSHAKE_DATAGRAM_BYTES) {
      yield flight.subarray(start, end)
      start = end
    }
    end += length
  }
  if (end > start) yield flight.subarray(start, end)
}
