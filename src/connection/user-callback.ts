import { show } from '../errors.ts'
import { showWarning } from '../platform.ts'

/**
 * A function of the user's that is only told something. What it throws, or what the promise that it returns rejects with,
 * has nobody to go to: it must not end the process, nor what was going on when it was called. The first time, it is
 * shown as a warning of the runtime.
 */
export class UserCallback<T> {
  readonly #name: string
  readonly #call: ((value: T) => unknown) | undefined
  #hasWarned = false

  constructor(name: string, call: ((value: T) => unknown) | undefined) {
    this.#name = name
    this.#call = call
  }

  tell(value: T): void {
    try {
      const result = this.#call?.(value)
      if (isThenable(result)) result.then(undefined, error => this.#warn(error))
    } catch (error) {
      this.#warn(error)
    }
  }

  #warn(error: unknown): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    if (error instanceof Error) showWarning(`${this.#name} failed: ${error.message}`, error.stack)
    else showWarning(`${this.#name} failed with ${show(error)}`)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}
