import { open as openDescriptor, type Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { CliError, CliErrorCode, fileError } from './cli-error.ts'
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

/** Standard input, or a pipe with a name. */
class StreamInput implements Input {
  readonly name: string
  readonly totalBytes = undefined
  readonly interactive: boolean
  readonly #stream: Readable
  #exhausted = false

  constructor(name: string, stream: Readable & { readonly isTTY?: boolean }) {
    this.name = name
    this.interactive = stream.isTTY === true
    this.#stream = stream
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

/** A file, or a device. */
class FileInput implements Input {
  readonly name: string
  readonly totalBytes: number | undefined
  readonly interactive = false
  readonly #handle: FileHandle
  readonly #before: Stats
  #readBytes = 0
  #exhausted = false

  constructor(path: string, handle: FileHandle, stat: Stats) {
    this.name = path
    // Files that the kernel makes up, as in /proc, say that they are empty.
    this.totalBytes = stat.isFile() && stat.size > 0 ? stat.size : undefined
    this.#handle = handle
    this.#before = stat
  }

  get exhausted(): boolean {
    return this.#exhausted
  }

  async *chunks(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    for (let chunk = await this.#read(); chunk.length > 0; chunk = await this.#read()) {
      if (signal.aborted) return
      yield chunk
      if (signal.aborted) return
    }
    await this.#checkSize()
    this.#exhausted = true
  }

  dispose(): void {
    this.#handle.close().catch(() => {})
  }

  async #read(): Promise<Uint8Array> {
    try {
      const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(FILE_READ_BYTES), 0)
      this.#readBytes += bytesRead
      return buffer.subarray(0, bytesRead)
    } catch (cause) {
      throw fileError(`cannot read ${this.name}`, cause)
    }
  }

  /** Files that the kernel makes up, as in /sys, hold less than they say; they are whole as long as they do not change. */
  async #checkSize(): Promise<void> {
    const { size, mtimeMs } = this.#before
    if (this.totalBytes === undefined || this.#readBytes >= size) return
    const now = await this.#handle.stat()
    if (now.size === size && now.mtimeMs === mtimeMs) return
    const message = `${this.name} became shorter while it was read: it had ${size} bytes, ${this.#readBytes} were read`
    throw new CliError(CliErrorCode.FILE_FAILED, message)
  }
}

export function standardInput(): Input {
  return new StreamInput('standard input', process.stdin)
}

/** @throws CliError `FILE_FAILED` */
export async function fileInput(path: string): Promise<Input> {
  try {
    if ((await stat(path)).isFIFO()) return await pipeInput(path)
    const handle = await open(path, 'r')
    return new FileInput(path, handle, await handle.stat())
  } catch (cause) {
    throw fileError(`cannot read ${path}`, cause)
  }
}

/** By a socket: a read of a file that waits for data cannot be taken back, and would keep the program alive. */
async function pipeInput(path: string): Promise<Input> {
  const fd = await promisify(openDescriptor)(path, 'r')
  return new StreamInput(path, new Socket({ fd, readable: true, writable: false }))
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
