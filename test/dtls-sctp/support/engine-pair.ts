import assert from 'node:assert/strict'
import type {
  ClientHelloVerdict,
  DtlsConnection,
  DtlsCookies,
  DtlsCredentials,
  DtlsEngine,
  DtlsServer,
} from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import { recordsOf } from '../../../src/transport/dtls-sctp/link/records.ts'
import { certificates } from '../../support/certificates.ts'

const nothing: DtlsCredentials = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  passphrase: undefined,
  alpnProtocols: undefined,
}

export type GivenCredentials = Partial<DtlsCredentials>

export interface PairOptions {
  readonly client?: GivenCredentials
  /** What the client trusts if it names no `ca`. */
  readonly defaultCa?: readonly string[]
  readonly server?: GivenCredentials
  /** That the server's certificate must carry; `localhost`. */
  readonly name?: string
}

/** Cookies that are right for everybody. */
export const cookies: DtlsCookies = {
  make: () => Buffer.from('a cookie'),
  isRight: given => Buffer.from(given).toString() === 'a cookie',
}

export const credentials = (given: GivenCredentials): DtlsCredentials => ({ ...nothing, ...given })

/** Both ends show a certificate and want the other's. */
export const mutual: Required<Pick<PairOptions, 'client' | 'server'>> = {
  client: { ca: certificates.ca, ...certificates.client },
  server: { ca: certificates.ca, ...certificates.localhost },
}

/** Flights of a handshake (RFC 6347, figure 1); odd ones are the client's. */
export const FLIGHTS = 6

/** What is done to a record on its way; undefined: it is lost. */
export type Way = (record: Uint8Array, flight: number) => Uint8Array | undefined

/** The two ends of a connection in one program, whose flights are carried by hand. The contexts are freed at once. */
export class EnginePair {
  readonly client: DtlsConnection
  server: DtlsConnection | undefined
  verdict: ClientHelloVerdict | undefined
  /** The last flight that was carried. */
  flight = 0
  readonly #listening: DtlsServer

  constructor(engine: DtlsEngine, { client, defaultCa, server, name = 'localhost' }: PairOptions = {}) {
    const own = engine.client(credentials(client ?? { ca: certificates.ca }), defaultCa)
    try {
      this.#listening = engine.server(credentials(server ?? certificates.localhost))
      try {
        this.client = own.connect(name)
      } catch (error) {
        this.#listening.free()
        throw error
      }
    } finally {
      own.free()
    }
  }

  get isUp(): boolean {
    return this.client.isUp && this.server?.isUp === true
  }

  /** The server, which must be there. */
  get accepted(): DtlsConnection {
    assert.ok(this.server, 'there is a server')
    return this.server
  }

  /** Carries the next flight. Returns how many records it had. @throws DtlsFailure of the end that took it */
  carry(way: Way = record => record): number {
    const flight = ++this.flight
    const records = [...recordsOf(flight % 2 === 1 ? this.client.takeAll() : this.#serversRecords())]
    for (const record of records) {
      const changed = way(record, flight)
      if (changed !== undefined) this.#give(changed, flight)
    }
    return records.length
  }

  /** Carries flights until this many are there, or one is empty. */
  carryTo(flight: number, way?: Way): this {
    while (this.flight < flight) if (this.carry(way) === 0) break
    return this
  }

  /** The whole handshake. */
  up(): this {
    this.carryTo(FLIGHTS)
    assert.ok(this.isUp, 'the handshake is done')
    return this
  }

  /** No more clients; those that are there stay. */
  stopListening(): void {
    this.#listening.free()
  }

  /** Both ends; doing it twice does nothing. */
  free(): void {
    this.client.free()
    this.server?.free()
    this.stopListening()
  }

  #serversRecords(): Uint8Array {
    const answer = this.verdict?.answer
    this.verdict = undefined
    return answer ?? this.server?.takeAll() ?? new Uint8Array()
  }

  /** Gives the server what comes from nobody that it knows. @throws DtlsFailure of the handshake that it begins */
  greet(record: Uint8Array): void {
    this.verdict = this.#listening.onClientHello(record, cookies)
    this.server = this.verdict.connection
    if (this.verdict.failure !== undefined) throw this.verdict.failure
  }

  #give(record: Uint8Array, flight: number): void {
    if (flight % 2 === 0) this.client.receive(record, record)
    else if (this.server === undefined) this.greet(record)
    else this.server.receive(record, record)
  }
}
