import { ConnectError, ConnectErrorCode, show } from './errors.ts'

/** What a value must be; returns the complaint, or undefined if it is fine. */
export type Rule = (value: unknown) => string | undefined
export type Rules = Readonly<Record<string, Rule>>

/** Timers beyond this fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1

export const wholeNumber =
  (least: number, most: number): Rule =>
  value =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `must be a whole number from ${least} to ${most}; it is ${show(value)}`

export const ofType =
  (type: 'boolean' | 'function' | 'string'): Rule =>
  value =>
    typeof value === type ? undefined : `must be a ${type}; it is ${show(value)}`

export const oneOf =
  (...values: string[]): Rule =>
  value =>
    values.includes(value as string) ? undefined : `must be one of ${values.join(', ')}; it is ${show(value)}`

export const object: Rule = value =>
  typeof value === 'object' && value !== null ? undefined : 'must be an object'

const isPemPart = (value: unknown): boolean => {
  const text = ArrayBuffer.isView(value) ? new TextDecoder().decode(value as Uint8Array) : value
  return typeof text === 'string' && text.includes('-----BEGIN ')
}

export const nonEmptyText: Rule = value =>
  typeof value === 'string' && value !== ''
    ? undefined
    : `must be a text that is not empty; it is ${show(value)}`

/** Its value is never shown. */
export const secretText: Rule = value => (typeof value === 'string' ? undefined : 'must be a string')

export const pem: Rule = value =>
  isPemPart(value) || (Array.isArray(value) && value.length > 0 && value.every(isPemPart))
    ? undefined
    : 'must be PEM text, its bytes, or a list of them: the content of the file, not its path'

const isProtocolName = (value: unknown): boolean => {
  const length = typeof value === 'string' ? new TextEncoder().encode(value).length : 0
  return length > 0 && length < 256
}

export const protocolNames: Rule = value =>
  Array.isArray(value) && value.every(isProtocolName)
    ? undefined
    : 'must be a list of names of 1 to 255 bytes'

/** Whether it is a URL, of this realm or of another one. */
export function isUrl(value: unknown): value is URL {
  if (value instanceof URL) return true
  return Object.prototype.toString.call(value) === '[object URL]' && typeof (value as URL).href === 'string'
}

/** Whether it is an AbortSignal: of this realm, or of another one as test runners and `vm` make them. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  if (value instanceof AbortSignal) return true
  if (typeof value !== 'object' || value === null) return false
  const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>
  return (
    typeof aborted === 'boolean' &&
    typeof addEventListener === 'function' &&
    typeof removeEventListener === 'function'
  )
}

export const signal: Rule = value => (isAbortSignal(value) ? undefined : 'must be an AbortSignal')

/** Of who may read, write and execute; nothing else. */
export const fileMode: Rule = value =>
  wholeNumber(0, 0o777)(value) === undefined
    ? undefined
    : `must be the mode of a file from 0 to 0o777, such as 0o600; it is ${show(value)}`

/** What Linux takes for `TCP_KEEPIDLE`, which is in whole seconds. */
export const keepAliveDelay = wholeNumber(0, 32_767_000)

export const duration = wholeNumber(1, MAX_TIMER_MS)
export const durationOrNone = wholeNumber(0, MAX_TIMER_MS)
export const queueBytes = wholeNumber(1, Number.MAX_SAFE_INTEGER)

/**
 * The options that were given, each known and by its rule; one that is undefined counts as not given.
 *
 * @throws ConnectError `INVALID_OPTION`, naming the option
 */
export function checked<T extends object>(options: T, rules: Rules, prefix = ''): Given<T> {
  const misfit = noOptions('options', options)
  if (misfit !== undefined) throw misfit
  const given: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
    const complaint = rule === undefined ? unknown(prefix + name) : rule(value)
    if (complaint !== undefined) throw optionError(prefix + name, complaint)
    given[name] = value
  }
  return given as Given<T>
}

const callRules: Rules = { signal }

/**
 * What is wrong with the options of a call of `method`, by the same rules; undefined if nothing is. It costs nothing where
 * there are none.
 */
export function callProblem(method: string, options: object | undefined): ConnectError | undefined {
  if (options === undefined) return undefined
  const misfit = noOptions(`options of ${method}`, options)
  if (misfit !== undefined) return misfit
  for (const name in options) {
    const value: unknown = options[name as keyof typeof options]
    if (value === undefined || !Object.hasOwn(options, name)) continue
    const rule = Object.hasOwn(callRules, name) ? callRules[name] : undefined
    const complaint = rule === undefined ? unknown(name) : rule(value)
    if (complaint !== undefined) return optionError(`${name} of ${method}`, complaint)
  }
  return undefined
}

function noOptions(what: string, options: unknown): ConnectError | undefined {
  // A signal has no properties of its own: it would count as no options at all.
  const isSignal = isAbortSignal(options)
  if (object(options) === undefined && !isSignal) return undefined
  const given = isSignal ? 'an AbortSignal; give { signal }' : show(options)
  return new ConnectError(ConnectErrorCode.INVALID_OPTION, `${what} must be an object; it is ${given}`)
}

/** The same options, none of them undefined. */
export type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function unknown(name: string): string {
  if (name !== 'tls.rejectUnauthorized') return 'is not known here'
  return 'does not exist: certificates are always verified; trust one of your own by tls.ca'
}

export function optionError(name: string, complaint: string, cause?: unknown): ConnectError {
  const options = cause === undefined ? undefined : { cause }
  return new ConnectError(ConnectErrorCode.INVALID_OPTION, `option ${name} ${complaint}`, options)
}
