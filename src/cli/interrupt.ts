import { ExitCode } from './exit-codes.ts'

/**
 * A Ctrl-C can come twice, from the terminal and once more from a parent such as npm that passes it on. What comes
 * sooner than this after the first is the same one.
 */
const SAME_SIGNAL_MS = 250

/** A stop that takes longer than this says that it goes on. */
const SLOW_STOP_MS = 1000

/** The signals that ask a program to stop, and what it exits with if its work was not done. */
const SIGNALS = {
  SIGINT: ExitCode.INTERRUPTED,
  SIGTERM: ExitCode.TERMINATED,
  SIGHUP: ExitCode.HUNG_UP,
} as const

/** After the second signal: what it takes to tell the peers. */
const FAREWELL_MS = 100

/** SIGINT, SIGTERM and SIGHUP: the first asks for a stop, the second ends the program at once. */
export class Interrupt {
  readonly #controller = new AbortController()
  readonly #atOnce = new AbortController()
  #exitCode: ExitCode = ExitCode.INTERRUPTED
  #firstAt = 0

  /** Fires when the program shall stop; its reason names the signal. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Fires when the program is about to end in the middle of its stop: connections that are open are to be broken off. */
  get atOnce(): AbortSignal {
    return this.#atOnce.signal
  }

  /** For a program whose work was cut short. */
  get exitCode(): ExitCode {
    return this.#exitCode
  }

  /** @param onSlow called when the stop takes its time */
  install(onSlow: () => void): void {
    for (const name of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
      process.on(name, () => this.#onSignal(name, onSlow))
    }
  }

  #onSignal(name: keyof typeof SIGNALS, onSlow: () => void): void {
    const exitCode = SIGNALS[name]
    if (this.signal.aborted) {
      if (performance.now() - this.#firstAt > SAME_SIGNAL_MS) this.#endAtOnce(exitCode)
      return
    }
    this.#exitCode = exitCode
    this.#firstAt = performance.now()
    setTimeout(onSlow, SLOW_STOP_MS).unref()
    this.#controller.abort(new Error(`stopped by ${name}`))
  }

  /** An operating system would end what is open, and it would look clean to the peers. */
  #endAtOnce(exitCode: ExitCode): void {
    process.once('exit', () => {
      process.exitCode = exitCode
    })
    this.#atOnce.abort(this.signal.reason)
    setTimeout(() => process.exit(exitCode), FAREWELL_MS)
  }
}

/** Calls back when the signal fires, or now if it has fired. Returns what takes that back. */
export function whenAborted(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) callback()
  else signal.addEventListener('abort', callback, { once: true })
  return () => signal.removeEventListener('abort', callback)
}
