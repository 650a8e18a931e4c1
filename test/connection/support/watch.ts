import { setImmediate as turn } from 'node:timers/promises'

/** A promise, seen from outside. */
export class Watched<T> {
  state: 'pending' | 'fulfilled' | 'rejected' = 'pending'
  value: T | undefined
  error: unknown

  constructor(promise: Promise<T>) {
    promise.then(
      value => {
        this.state = 'fulfilled'
        this.value = value
      },
      error => {
        this.state = 'rejected'
        this.error = error
      },
    )
  }
}

export function watch<T>(promise: Promise<T>): Watched<T> {
  return new Watched(promise)
}

/** Lets every promise that can be settled now be settled. */
export async function settle(): Promise<void> {
  await turn()
}

/** Settles, and tells how each of them stands. */
export async function states(...watched: readonly Watched<unknown>[]): Promise<string[]> {
  await settle()
  return watched.map(({ state }) => state)
}
