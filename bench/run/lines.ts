import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { keep, stop } from './stop.ts'

/** A process that prints lines, each a word and values. */
export class Lines {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(program: string, args: readonly string[]) {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = keep(child)
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  /** The values of the next line, which must begin with the word. */
  async next(word: string): Promise<string[]> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`a process ended early, before its line "${word}"`)
    const [first, ...values] = value.split(' ')
    if (first !== word) throw new Error(`expected a line "${word}", got "${value}"`)
    return values
  }

  stop(): Promise<void> {
    return stop(this.#child)
  }
}
