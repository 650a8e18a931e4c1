/** Keeps a promise that nobody awaits from becoming an unhandled rejection. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore)
  return promise
}

/** A promise that is rejected already. */
export function rejected(error: unknown): Promise<never> {
  return quiet(Promise.reject(error))
}

/** A promise with its ends. */
export class Deferred<T> {
  readonly promise: Promise<T>
  resolve!: (value: T) => void
  #reject!: (error: unknown) => void

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve
      this.#reject = reject
    })
  }

  /** Quietly: most are never rejected, so this is where the promise is marked. */
  reject(error: unknown): void {
    quiet(this.promise)
    this.#reject(error)
  }
}

function ignore(): void {}
