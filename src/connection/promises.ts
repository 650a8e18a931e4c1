import { AGAIN, ConnectError } from '../errors.ts'

/** Keeps a promise that nobody awaits from becoming an unhandled rejection. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore)
  return promise
}

/** A promise that is rejected already. */
export function rejected(error: unknown): Promise<never> {
  return quiet(Promise.reject(error))
}

/** The error of something that has failed before, with a stack that leads to this call. */
export function again(error: ConnectError): ConnectError {
  return error[AGAIN](again)
}

/** A promise that is rejected with that. */
export function rejectedAgain(error: ConnectError): Promise<never> {
  return rejected(again(error))
}

/** A promise with its ends. */
export class Deferred<T> {
  readonly promise: Promise<T>
  #settle!: (value: T | Promise<never>) => void
  #isSettled = false

  constructor() {
    this.promise = new Promise<T>(resolve => {
      this.#settle = resolve
    })
  }

  resolve(value: T): void {
    this.#isSettled = true
    this.#settle(value)
  }

  /** Quietly, and with an error whose stack leads to the one that awaits the promise. */
  reject(error: unknown): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#settle(failWithCaller(this.promise, error))
  }
}

/** A promise of what `inner` gives, whose error has a stack that leads to the one that awaits it. */
export function withCaller<T>(inner: Promise<T>): Promise<T> {
  const outer = new Deferred<T>()
  inner.then(
    value => outer.resolve(value),
    error => outer.reject(error),
  )
  return outer.promise
}

/**
 * What `promise`, which has been resolved with this one, is to reject with.
 *
 * An engine that adds `at async` lines to a stack follows the promise of the function that runs to the one that awaits it.
 * It goes on only where exactly one reaction is attached: so `promise` is made quiet as late as can be. This way a call
 * that waits pays nothing unless it fails.
 */
async function failWithCaller(promise: Promise<unknown>, error: unknown): Promise<never> {
  // `promise` follows this function's only once that job has run.
  await undefined
  await undefined
  const own = error instanceof ConnectError ? error[AGAIN](failWithCaller) : error
  quiet(promise)
  throw own
}

function ignore(): void {}
