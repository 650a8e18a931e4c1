import type {
  ClientHelloVerdict,
  DtlsClient,
  DtlsConnection,
  DtlsCookies,
  DtlsEngine,
  DtlsServer,
} from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import type { Host, HostParts, Medium } from '../../sctp/simulation/medium.ts'
import { must } from '../../sctp/simulation/violation.ts'
import { certificates } from '../../support/certificates.ts'
import { Ledger } from './ledger.ts'
import { SecureHost } from './secure-host.ts'

const COOKIE = Buffer.from('a cookie')

const cookies: DtlsCookies = { make: () => COOKIE, isRight: cookie => COOKIE.equals(cookie) }

/** What the connections of all runs come from. */
export interface Contexts {
  readonly engine: DtlsEngine
  readonly client: DtlsClient
  readonly server: DtlsServer
}

export function contextsOf(engine: DtlsEngine): Contexts {
  const none = {
    ca: undefined,
    cert: undefined,
    key: undefined,
    passphrase: undefined,
    alpnProtocols: undefined,
  }
  return {
    engine,
    client: engine.client({ ...none, ca: certificates.ca }),
    server: engine.server({ ...none, ...certificates.localhost }),
  }
}

/** Associations inside DTLS connections by a real engine. */
export class SecureMedium implements Medium {
  readonly ledger = new Ledger()
  readonly #contexts: Contexts
  readonly #aliveBefore: number
  /** What the handshake that is under way does next. */
  readonly #steps: (() => void)[] = []
  #isShakingHands = false

  constructor(contexts: Contexts) {
    this.#contexts = contexts
    this.#aliveBefore = contexts.engine.alive
  }

  get isShakingHands(): boolean {
    return this.#isShakingHands
  }

  host(parts: HostParts): Host {
    return new SecureHost(parts, this)
  }

  connect(): DtlsConnection {
    return this.#contexts.client.connect('localhost')
  }

  onClientHello(record: Uint8Array): ClientHelloVerdict {
    return this.#contexts.server.onClientHello(record, cookies)
  }

  /** An end has something to send in its handshake. */
  later(step: () => void): void {
    this.#steps.push(step)
  }

  /** Does a whole handshake. */
  shakeHands(): void {
    this.#isShakingHands = true
    for (let step = this.#steps.shift(); step !== undefined; step = this.#steps.shift()) step()
    this.#isShakingHands = false
  }

  checkEnd(): void {
    const left = this.#contexts.engine.alive - this.#aliveBefore
    must(left === 0, () => `${left} native objects are left`)
  }
}
