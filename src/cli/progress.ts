import type { WriteStream } from 'node:tty'
import { progressLine } from './progress-line.ts'
import { RateMeter } from './rate-meter.ts'

const REDRAW_MS = 100

/** Where there is no terminal to ask: the width of one that is as narrow as they come. */
const DEFAULT_COLUMNS = 80

/** A line on the terminal that is drawn anew until `stop()`. */
export class Progress {
  readonly #terminal: WriteStream
  readonly #totalBytes: number | undefined
  readonly #startedAt = performance.now()
  readonly #rate = new RateMeter()
  readonly #timer: NodeJS.Timeout
  #bytes = 0

  constructor(terminal: WriteStream, totalBytes: number | undefined) {
    this.#terminal = terminal
    this.#totalBytes = totalBytes
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS)
    this.#timer.unref()
    this.#draw()
  }

  update(bytes: number): void {
    this.#bytes = bytes
  }

  /** Draws the last state and leaves it standing. */
  stop(): void {
    clearInterval(this.#timer)
    this.#draw()
    this.#terminal.write('\n')
  }

  #draw(): void {
    const elapsedMs = performance.now() - this.#startedAt
    this.#rate.add(elapsedMs, this.#bytes)
    const state = {
      bytes: this.#bytes,
      totalBytes: this.#totalBytes,
      bytesPerSecond: this.#rate.bytesPerSecond,
      elapsedMs,
    }
    const columns = this.#terminal.columns || DEFAULT_COLUMNS
    // One column stays free, or some terminals wrap. CSI K clears what a longer line has left.
    this.#terminal.write(`\r${progressLine(state, columns - 1)}\x1b[K`)
  }
}

/** A progress line, if standard error is a terminal. */
export function progressOnTerminal(totalBytes: number | undefined): Progress | undefined {
  return process.stderr.isTTY ? new Progress(process.stderr, totalBytes) : undefined
}
