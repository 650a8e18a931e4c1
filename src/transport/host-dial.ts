import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectSettings } from '../options.ts'
import { systemPlatform } from '../platform.ts'
import type { Address } from './address.ts'
import { type AddressAttempt, AddressRace } from './address-race.ts'
import { attempt } from './attempt.ts'
import type { Lookup } from './host-lookup.ts'

export interface HostDial<T> {
  readonly host: string
  readonly address: Address
  readonly settings: ConnectSettings
  readonly lookup: Lookup
  readonly attemptAt: (address: string) => AddressAttempt<T>
  /** What the caller is told of a failure. Default: `CONNECT_FAILED`. */
  readonly errorOf?: (cause: Error, address: Address) => ConnectError
}

/**
 * Reaches a host at whichever of its addresses answers first, within `connectTimeoutMs`, its look-up included.
 *
 * @throws ConnectError `CONNECT_FAILED` (or by `errorOf`), `CONNECT_TIMEOUT`, `ABORTED`
 */
export function dialHost<T>(dial: HostDial<T>): Promise<T> {
  return dialWithin(new HostAttempt(dial), dial.address, dial.settings, dial.errorOf)
}

/** The same for something that has only one address. */
export function dialWithin<T>(
  dialling: AddressAttempt<T>,
  address: Address,
  settings: ConnectSettings,
  errorOf = connectError,
): Promise<T> {
  const { connectTimeoutMs, signal } = settings
  const what = `connecting to ${address.text}`
  return attempt({
    what,
    signal,
    timeoutMs: connectTimeoutMs,
    onTimeout: () => timeoutError(what, connectTimeoutMs, dialling.describe?.()),
    giveUp: () => dialling.giveUp(),
    begin(succeed, fail) {
      const onFailure = (cause: Error): void => fail(errorOf(cause, address))
      try {
        dialling.begin(succeed, onFailure)
      } catch (cause) {
        onFailure(cause as Error)
      }
    },
  })
}

/** Looks a host up, and tries its addresses. A look-up cannot be stopped: its answer may come when all is over. */
class HostAttempt<T> implements AddressAttempt<T> {
  readonly #dial: HostDial<T>
  #race: AddressRace<T> | undefined
  #isGivenUp = false

  constructor(dial: HostDial<T>) {
    this.#dial = dial
  }

  begin(succeed: (value: T) => void, fail: (cause: Error) => void): void {
    const { host, lookup, attemptAt, settings } = this.#dial
    const { now, startTimer } = systemPlatform
    const until = now() + settings.connectTimeoutMs
    lookup(host)
      .then(addresses => {
        if (this.#isGivenUp) return
        this.#race = new AddressRace({ addresses, attemptAt, timeMs: until - now(), startTimer })
        this.#race.begin(succeed, fail)
      })
      .catch(fail)
  }

  giveUp(): void {
    this.#isGivenUp = true
    this.#race?.giveUp()
  }

  describe(): string {
    return this.#race === undefined ? `${this.#dial.host} is still being looked up` : this.#race.describe()
  }
}

export function connectError(cause: Error, { text }: Address): ConnectError {
  const message = `connecting to ${text} failed: ${cause.message}`
  return new ConnectError(ConnectErrorCode.CONNECT_FAILED, message, { cause })
}

function timeoutError(what: string, ms: number, detail = ''): ConnectError {
  const where = detail === '' ? '' : ` (${detail})`
  return new ConnectError(ConnectErrorCode.CONNECT_TIMEOUT, `${what} took longer than ${ms} ms${where}`)
}
