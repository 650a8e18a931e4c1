import { lookup } from 'node:dns/promises'
import type { ConnectSettings } from '../../../options.ts'
import type { AssociationStream } from '../../sctp/stream/association-stream.ts'
import { UdpSocket } from '../../sctp/udp/udp-socket.ts'
import type { DtlsClient, DtlsConnection } from '../engine/dtls-engine.ts'
import { DialAttempt } from './dial-attempt.ts'
import type { DtlsSctpAddress } from './dtls-sctp-address.ts'

/**
 * Reaches a peer in two steps: until it answers at all, and until both handshakes are done, that of DTLS and that of SCTP
 * inside.
 */
export class DtlsSctpDial {
  readonly #client: DtlsClient
  readonly #target: DtlsSctpAddress
  readonly #settings: ConnectSettings
  #attempt: DialAttempt | undefined
  #opened: Promise<AssociationStream> | undefined
  #givenUp = false

  constructor(client: DtlsClient, target: DtlsSctpAddress, settings: ConnectSettings) {
    this.#client = client
    this.#target = target
    this.#settings = settings
  }

  /** Begins the handshake. Fulfils when somebody answers; a name may have several addresses. */
  async reach(): Promise<void> {
    const addresses = await lookup(this.#target.host, { all: true })
    for (const [index, { address }] of addresses.entries()) {
      try {
        await this.#reach(address)
        return
      } catch (cause) {
        if (this.#givenUp || index === addresses.length - 1) throw cause
      }
    }
    throw new Error('the name has no address')
  }

  /** Fulfils when the association is there. To be asked for when somebody has answered. */
  opened(): Promise<AssociationStream> {
    return this.#opened!
  }

  giveUp(): void {
    this.#givenUp = true
    this.#attempt?.giveUp()
  }

  async #reach(address: string): Promise<void> {
    const socket = await UdpSocket.connect(address, this.#target.port)
    if (this.#givenUp) {
      socket.close()
      throw new Error('given up')
    }
    const connection = this.#beginOver(socket)
    return new Promise((resolve, reject) => {
      this.#opened = new Promise((open, fail) => {
        const user = {
          onReached: resolve,
          onOpened: open,
          onFailed(cause: Error): void {
            reject(cause)
            fail(cause)
          },
        }
        this.#attempt = new DialAttempt(socket, connection, this.#target, this.#name, this.#settings, user)
      })
      // Whoever waits for an answer hears of it as well.
      this.#opened.catch(() => {})
    })
  }

  /** @throws DtlsFailure if the name cannot be one of a server */
  #beginOver(socket: UdpSocket): DtlsConnection {
    try {
      return this.#client.connect(this.#name)
    } catch (cause) {
      socket.close()
      throw cause
    }
  }

  /** That the certificate must carry. */
  get #name(): string {
    return this.#settings.tls?.serverName ?? this.#target.host
  }
}
