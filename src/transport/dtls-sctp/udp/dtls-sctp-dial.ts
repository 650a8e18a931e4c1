import type { ConnectSettings } from '../../../options.ts'
import type { AddressAttempt } from '../../address-race.ts'
import type { AssociationStream } from '../../sctp/stream/association-stream.ts'
import { UdpSocket } from '../../sctp/udp/udp-socket.ts'
import type { DtlsClient, DtlsConnection } from '../engine/dtls-engine.ts'
import { DialAttempt } from './dial-attempt.ts'
import type { DtlsSctpAddress } from './dtls-sctp-address.ts'

/**
 * Reaches a peer at one IP address in two steps: until it answers at all, and until both handshakes are done, that of
 * DTLS and that of SCTP inside.
 */
export class DtlsSctpDial implements AddressAttempt<DtlsSctpDial> {
  readonly #ip: string
  readonly #client: DtlsClient
  readonly #target: DtlsSctpAddress
  /** That the certificate must carry. */
  readonly #name: string
  readonly #settings: ConnectSettings
  #attempt: DialAttempt | undefined
  #opened: Promise<AssociationStream> | undefined
  #isGivenUp = false

  constructor(
    ip: string,
    client: DtlsClient,
    target: DtlsSctpAddress,
    name: string,
    settings: ConnectSettings,
  ) {
    this.#ip = ip
    this.#client = client
    this.#target = target
    this.#name = name
    this.#settings = settings
  }

  /** Begins the handshake. Succeeds when somebody answers. */
  begin(succeed: (reached: DtlsSctpDial) => void, fail: (cause: Error) => void): void {
    UdpSocket.connect(this.#ip, this.#target.port)
      .then(socket => {
        if (this.#isGivenUp) socket.close()
        else this.#reach(socket, () => succeed(this), fail)
      })
      .catch(fail)
  }

  /** Fulfils when the association is there. To be asked for when somebody has answered. */
  opened(): Promise<AssociationStream> {
    return this.#opened!
  }

  /** Whether the handshake of DTLS is done; then that of SCTP is under way. */
  get isUp(): boolean {
    return this.#attempt?.isUp === true
  }

  giveUp(): void {
    this.#isGivenUp = true
    this.#attempt?.giveUp()
  }

  #reach(socket: UdpSocket, onReached: () => void, fail: (cause: Error) => void): void {
    const connection = this.#beginOver(socket)
    this.#opened = new Promise((onOpened, reject) => {
      const onFailed = (cause: Error): void => {
        fail(cause)
        reject(cause)
      }
      const user = { onReached, onOpened, onFailed }
      this.#attempt = new DialAttempt(socket, connection, this.#target, this.#name, this.#settings, user)
    })
    // Those that wait for an answer hear of it, too.
    this.#opened.catch(() => {})
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
}
