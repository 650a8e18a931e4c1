import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { within } from '../../support/waiting.ts'

/** A program that the test runs and whose lines it reads; killed when the test is over. */
export class Program {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: string[] = []
  readonly #gone: Promise<unknown>
  #ended = false
  #wake: () => void = () => {}

  /** @param keep which of its lines matter; the others are read and dropped */
  constructor(t: TestContext, path: string, args: readonly string[], keep: RegExp = /^/) {
    const child = spawn(path, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child = child
    const lines = createInterface({ input: child.stdout })
    lines.on('line', line => {
      if (keep.test(line)) this.#lines.push(line)
      this.#wake()
    })
    lines.once('close', () => {
      this.#ended = true
      this.#wake()
    })
    this.#gone = once(child, 'exit')
    t.after(() => this.kill())
  }

  /** Takes the first line that fits and gives what it matched. Other lines stay for later calls. */
  line(pattern: RegExp): Promise<RegExpExecArray> {
    return within(this.#find(pattern), `a line ${pattern}`)
  }

  async #find(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = this.#take(pattern)
      if (match !== undefined) return match
      if (this.#ended) throw new Error(`no line ${pattern}, but: ${this.#lines.join(' | ')}`)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    for (const [i, line] of this.#lines.entries()) {
      const match = pattern.exec(line)
      if (match === null) continue
      this.#lines.splice(i, 1)
      return match
    }
    return undefined
  }

  /** Ends its standard input, which has nothing in it. */
  endInput(): void {
    this.#child.stdin.end()
  }

  /** Waits until it has ended by itself, and gives its exit code. */
  async ended(): Promise<number | null> {
    await within(this.#gone, `the end of ${this.#child.spawnfile}`)
    return this.#child.exitCode
  }

  /** Ends it as a crash would, without a word to anybody. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#gone
  }
}
