import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { fileError } from './cli-error.ts'
import { whenAborted } from './interrupt.ts'

/** Bytes read from a file at once. */
const FILE_READ_BYTES = 1024 * 1024

/** Where the data to send comes from. */
export interface Input {
  /** For messages. */
  readonly name: string
  /** Undefined if nobody knows. */
  readonly totalBytes: number | undefined
  /** Whether somebody types it. */
  readonly interactive: boolean
  /** Whether its end has been read. */
  readonly exhausted: boolean
  /** The bytes, once. They end early, without an error, when `signal` fires. */
  chunks(signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Frees what it holds, whether it was read or not. */
  dispose(): void
}

/** A file or standard input. */
class StreamInput implements Input {
  readonly name: string
  readonly totalBytes: number | undefined
  readonly interactive: boolean
  readonly #stream: Readable
  #exhausted = false

  constructor(name: string, stream: Readable & { readonly isTTY?: boolean }, totalBytes?: number) {
    this.name = name
    this.interactive = stream.isTTY === true
    this.#stream = stream
    this.totalBytes = totalBytes
    // An error that comes before or after the loop that reads; the loop gets its own.
    stream.on('error', () => {})
  }

  get exhausted(): boolean {
    return this.#exhausted
  }

  async *chunks(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const forget = whenAborted(signal, () => this.dispose())
    try {
      for await (const chunk of this.#stream) yield chunk as Uint8Array
      this.#exhausted = !signal.aborted
    } catch (cause) {
      if (!signal.aborted) throw fileError(`cannot read ${this.name}`, cause)
    } finally {
      forget()
    }
  }

  dispose(): void {
    this.#stream.destroy()
  }
}

export function standardInput(): Input {
  return new StreamInput('standard input', process.stdin)
}

/** @throws CliError `FILE_FAILED` */
export async function fileInput(path: string): Promise<Input> {
  try {
    const handle = await open(path, 'r')
    const stat = await handle.stat()
    const stream = handle.createReadStream({ highWaterMark: FILE_READ_BYTES })
    return new StreamInput(path, stream, stat.isFile() ? stat.size : undefined)
  } catch (cause) {
    throw fileError(`cannot read ${path}`, cause)
  }
}

/** A text that was given as an argument; it is never empty. */
export function textInput(text: string): Input {
  const bytes = new TextEncoder().encode(text)
  return {
    name: 'the text',
    totalBytes: bytes.length,
    interactive: false,
    exhausted: true,
    async *chunks() {
      yield bytes
    },
    dispose() {},
  }
}
