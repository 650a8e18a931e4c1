import { type ConnectError, rejectionOf } from '../errors.ts'
import { INSPECT, type Inspect, shownAs } from '../inspection.ts'
import { optionError } from '../option-rules.ts'
import { type ListenSettings, resolveTlsIdentity, type TlsIdentity } from '../options.ts'
import type { Platform } from '../platform.ts'
import type { ByteStream, ByteStreamListener, ByteStreamListenerSink } from '../transport/byte-stream.ts'
import { StreamConnection } from './connection.ts'
import { Fifo } from './fifo.ts'
import { type IteratorSource, toResult, WithdrawingIterator } from './iterator.ts'
import { quiet, rejected } from './promises.ts'
import type { SessionLink } from './session-link.ts'
import type { Connection, Listener } from './types.ts'
import { UserCallback } from './user-callback.ts'
import { type CallOptions, refusal, Waiter, wait } from './waiter.ts'

class PendingAccept extends Waiter<Connection | undefined> {}

/** Hands out the connections that a transport's listener takes in. */
export class StreamListener implements Listener, ByteStreamListenerSink, IteratorSource<Connection> {
  readonly #settings: ListenSettings
  readonly #platform: Platform
  readonly #onRejected: UserCallback<ConnectError>
  /** Connections that nobody has accepted yet. */
  readonly #ready = new Set<StreamConnection>()
  readonly #waiting = new Fifo<PendingAccept>()
  #source: ByteStreamListener | undefined
  #closed: Promise<void> | undefined

  constructor(settings: ListenSettings, platform: Platform) {
    this.#settings = settings
    this.#platform = platform
    this.#onRejected = new UserCallback('onRejected', settings.onRejected)
  }

  /** Called once, before the listener is handed to the user. */
  attach(source: ByteStreamListener): void {
    this.#source = source
  }

  /** Listening has failed: what came in meanwhile is broken off. */
  giveUp(): void {
    this.#closed = Promise.resolve()
    this.#abortUnaccepted(new Error('the listener was given up'))
  }

  get address(): string {
    return this.#source!.address
  }

  accept(options?: CallOptions): Promise<Connection | undefined> {
    const problem = refusal('accept', options)
    if (problem !== undefined) return rejected(problem)
    return this.#acceptFor(undefined, options?.signal)
  }

  [Symbol.asyncIterator](): WithdrawingIterator<Connection> {
    return new WithdrawingIterator(this)
  }

  /** `accept()` for an iterator. */
  nextFor(asker: object): Promise<IteratorResult<Connection, undefined>> {
    return this.#acceptFor(asker, undefined).then(toResult)
  }

  /** What `asker` waits for goes to others. */
  withdraw(asker: object): void {
    for (const pending of this.#waiting.takeOut(waiting => waiting.asker === asker)) {
      pending.resolve(undefined)
    }
  }

  updateTls(tls: TlsIdentity): void {
    const source = this.#source!
    if (source.updateTls === undefined) throw optionError('tls', `has no meaning on ${this.address}`)
    source.updateTls(resolveTlsIdentity(tls))
  }

  close(): Promise<void> {
    this.#closed ??= quiet(this.#close())
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @internal */
  [INSPECT](_depth: number, options: object, inspect: Inspect): string {
    const state = this.#closed === undefined ? 'listening' : 'closed'
    return shownAs('Listener', { address: this.address, state }, options, inspect)
  }

  onStream(stream: ByteStream, link?: SessionLink): void {
    const connection = new StreamConnection(stream, this.#settings, this.#platform, link)
    if (this.#closed !== undefined) {
      connection.abort()
      return
    }
    const first = this.#waiting.shift()
    if (first === undefined) this.#keep(connection)
    else first.resolve(connection)
  }

  onRejected(error: ConnectError): void {
    this.#onRejected.tell(error)
  }

  #acceptFor(asker: object | undefined, signal: AbortSignal | undefined): Promise<Connection | undefined> {
    for (const connection of this.#ready) {
      this.#ready.delete(connection)
      return Promise.resolve(connection)
    }
    if (this.#closed !== undefined) return Promise.resolve(undefined)
    const pending = new PendingAccept()
    pending.asker = asker
    wait(this.#waiting, pending, 'accept', signal)
    return pending.promise
  }

  /** Keeps a connection until somebody accepts it, as long as it does not fail. */
  #keep(connection: StreamConnection): void {
    this.#ready.add(connection)
    connection.whenEnded().catch(error => {
      if (!this.#ready.delete(connection)) return
      this.onRejected(rejectionOf(error as ConnectError, connection.remoteAddress))
    })
  }

  async #close(): Promise<void> {
    for (const pending of this.#waiting.drain()) pending.resolve(undefined)
    const closed = this.#source!.close()
    this.#abortUnaccepted(new Error('the listener was closed'))
    await closed
  }

  #abortUnaccepted(reason: Error): void {
    const unaccepted = [...this.#ready]
    this.#ready.clear()
    for (const connection of unaccepted) connection.abort(reason)
  }
}
