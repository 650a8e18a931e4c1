import { aborted, asConnectError, type ConnectError, ConnectErrorCode } from '../errors.ts'

/** Something that may take long and can be given up. */
export interface Attempt<T> {
  /** Begins it. The first call of either function decides. What it throws counts as `CONNECT_FAILED`. */
  readonly begin: (succeed: (value: T) => void, fail: (error: ConnectError) => void) => void
  /** Lets go of what it holds; called when it has failed, for whatever reason. */
  readonly giveUp: () => void
  /** Longest time it may take, in ms. */
  readonly timeoutMs: number
  readonly onTimeout: () => ConnectError
  readonly signal: AbortSignal | undefined
  /** Names it in the error of an abort. */
  readonly what: string
}

/** Runs an attempt within its time, as long as its signal does not fire. Leaves no timer and no listener behind. */
export function attempt<T>(options: Attempt<T>): Promise<T> {
  const { begin, giveUp, timeoutMs, onTimeout, signal, what } = options
  return new Promise((resolve, reject) => {
    let settled = false
    const settle = (): boolean => {
      if (settled) return false
      settled = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      return true
    }
    const fail = (error: ConnectError): void => {
      if (!settle()) return
      giveUp()
      reject(error)
    }
    const onAbort = (): void => fail(aborted(what, signal?.reason))
    const timer = setTimeout(() => fail(onTimeout()), timeoutMs)
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted) {
      onAbort()
      return
    }
    try {
      begin(value => {
        if (settle()) resolve(value)
      }, fail)
    } catch (cause) {
      fail(asConnectError(cause, ConnectErrorCode.CONNECT_FAILED, what))
    }
  })
}
