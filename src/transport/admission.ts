import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ListenSettings } from '../options.ts'
import { addressKey } from './address-key.ts'

/** What a listener takes. */
export type AdmissionLimits = Pick<ListenSettings, 'maxConnections' | 'maxConnectionsPerAddress'>

/** Who asks to be let in. */
export interface Peer {
  /** Its IP address; undefined on a transport that has none, or if the peer is gone already. */
  readonly ip: string | undefined
  /** As a URL; undefined if the peer is gone already. */
  readonly remoteAddress: string | undefined
}

/** What a peer occupies from the time it was let in until it has left. */
export interface Place {
  /** Its handshake is done. */
  established(): void
  /** It needs its place no longer. Doing it twice does nothing. */
  leave(): void
}

/**
 * Counts the peers of a listener and refuses those beyond its limits: the one place for every transport, and for all
 * that is to be known of a peer before it is let in.
 */
export class Admission {
  /** The listener, for messages. */
  readonly #listener: string
  readonly #limits: AdmissionLimits
  /** Counted only where there is a limit. */
  readonly #byAddress = new Map<string, number>()
  #open = 0
  #inHandshake = 0

  constructor(listener: string, limits: AdmissionLimits) {
    this.#listener = listener
    this.#limits = limits
  }

  /** Peers that are in, those in the handshake included. */
  get open(): number {
    return this.#open
  }

  /** Peers whose handshake is under way. */
  get inHandshake(): number {
    return this.#inHandshake
  }

  /**
   * Lets a peer in, whose handshake begins.
   *
   * @param replaced places of the same peer that are left when its handshake is done: they do not count against it
   * @throws ConnectError `LISTENER_FULL`
   */
  enter(peer: Peer, replaced: readonly Place[] = []): Place {
    const going = replaced.filter(place => (place as CountedPlace).isIn).length
    const { maxConnections, maxConnectionsPerAddress } = this.#limits
    if (this.#open - going >= maxConnections)
      throw this.#fullError(peer, `maxConnections is ${maxConnections}`)
    const key = maxConnectionsPerAddress === 0 ? undefined : addressKey(peer.ip)
    if (key !== undefined && this.#openAt(key) - going >= maxConnectionsPerAddress) {
      throw this.#fullError(peer, `maxConnectionsPerAddress is ${maxConnectionsPerAddress}, for ${key}`)
    }
    return new CountedPlace(this, key)
  }

  /** By a place alone. */
  count(open: number, inHandshake: number, key: string | undefined): void {
    this.#open += open
    this.#inHandshake += inHandshake
    if (key === undefined || open === 0) return
    const left = this.#openAt(key) + open
    if (left === 0) this.#byAddress.delete(key)
    else this.#byAddress.set(key, left)
  }

  #openAt(key: string): number {
    return this.#byAddress.get(key) ?? 0
  }

  #fullError({ ip, remoteAddress }: Peer, why: string): ConnectError {
    const who = ip === undefined ? 'a peer' : remoteAddress
    const message = `${this.#listener} turned ${who} away: ${why}`
    return new ConnectError(
      ConnectErrorCode.LISTENER_FULL,
      message,
      remoteAddress === undefined ? {} : { remoteAddress },
    )
  }
}

class CountedPlace implements Place {
  readonly #admission: Admission
  readonly #key: string | undefined
  #state: 'in handshake' | 'established' | 'left' = 'in handshake'

  constructor(admission: Admission, key: string | undefined) {
    this.#admission = admission
    this.#key = key
    admission.count(1, 1, key)
  }

  get isIn(): boolean {
    return this.#state !== 'left'
  }

  established(): void {
    if (this.#state !== 'in handshake') return
    this.#state = 'established'
    this.#admission.count(0, -1, this.#key)
  }

  leave(): void {
    if (this.#state === 'left') return
    this.#admission.count(-1, this.#state === 'in handshake' ? -1 : 0, this.#key)
    this.#state = 'left'
  }
}
