import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { CliError, CliErrorCode, fileError } from './cli-error.ts'
import { terminalLine } from './terminal-text.ts'

/** Bytes that may wait for the disk. */
const FILE_QUEUE_BYTES = 1024 * 1024

/** A stream to write to, with back-pressure, that remembers what broke it. */
export class Output {
  readonly #stream: Writable
  readonly #broken = new AbortController()

  /** @param explain makes the error to throw from the stream's */
  constructor(stream: Writable, explain: (cause: Error) => CliError) {
    this.#stream = stream
    stream.on('error', cause => this.#broken.abort(explain(cause)))
  }

  get isTerminal(): boolean {
    return (this.#stream as Writable & { readonly isTTY?: boolean }).isTTY === true
  }

  /** Fires when nothing more can be written; its reason is the CliError. */
  get broken(): AbortSignal {
    return this.#broken.signal
  }

  /**
   * Fulfils when there is room for more. The data must not be changed before `end()` or `flush()`.
   *
   * @throws CliError what broke the stream, at this write or before
   */
  async write(data: string | Uint8Array): Promise<void> {
    this.#check()
    await new Promise<void>(resolve => {
      if (this.#stream.write(data, () => resolve())) resolve()
    })
    this.#check()
  }

  /** One line, with nothing in it that a terminal takes for a command. */
  line(text: string): Promise<void> {
    return this.write(`${terminalLine(text)}\n`)
  }

  /**
   * All that was written has left the program.
   *
   * @throws CliError what broke the stream
   */
  async flush(): Promise<void> {
    this.#check()
    // Its error, if it has one, is that of the stream, which follows.
    await new Promise<void>(resolve => this.#stream.write('', () => setImmediate(resolve)))
    this.#check()
  }

  /**
   * All that was written has left the program, and the stream is closed.
   *
   * @throws CliError what broke the stream
   */
  async end(): Promise<void> {
    await new Promise<void>(resolve => {
      if (this.#stream.closed) resolve()
      else this.#stream.on('close', resolve).end()
    })
    this.#check()
  }

  #check(): void {
    this.#broken.signal.throwIfAborted()
  }
}

/** Standard output. A reader that goes away, as `head` does, is the end and no failure. */
export function standardOutput(): Output {
  return new Output(process.stdout, cause =>
    (cause as NodeJS.ErrnoException).code === 'EPIPE'
      ? new CliError(CliErrorCode.OUTPUT_CLOSED, 'nobody reads the output any more', { cause })
      : fileError('cannot write to standard output', cause),
  )
}

/**
 * A file, emptied if it exists.
 *
 * @throws CliError `FILE_FAILED`
 */
export async function fileOutput(path: string): Promise<Output> {
  const explain = (cause: unknown): CliError =>
    fileError(`cannot write to ${path}`, cause, `the folder ${dirname(path)} does not exist`)
  try {
    const handle = await open(path, 'w')
    return new Output(handle.createWriteStream({ highWaterMark: FILE_QUEUE_BYTES }), explain)
  } catch (cause) {
    throw explain(cause)
  }
}
