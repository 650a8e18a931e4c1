import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Longest time for anything that a test waits for: a bound against hanging, whatever else the machine has to do. */
const PATIENCE_MS = 180_000

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const running = new Set<ChildProcess>()

/** The command line as a child process. What is still running when the test file ends is killed. */
export class Program {
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #args: readonly string[]
  #stdout: Uint8Array[] = []
  #stderr = ''

  /** @param args of the program; its standard input stays open until `input()` or `endInput()` */
  constructor(...args: string[]) {
    this.#args = args
    this.#child = this.start(args)
    running.add(this.#child)
    this.#closed = once(this.#child, 'close').finally(() => running.delete(this.#child))
    this.#child.stdout!.on('data', chunk => this.#stdout.push(chunk))
    this.#child.stderr!.on('data', chunk => {
      this.#stderr += String(chunk)
    })
    // The program may end without reading its input.
    this.#child.stdin!.on('error', () => {})
  }

  protected start(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...patient(args)], { cwd: root })
  }

  get stdout(): string {
    return this.bytes.toString()
  }

  get stderr(): string {
    return this.#stderr
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#stdout)
  }

  /** Writes to its standard input. */
  type(text: string): void {
    this.#child.stdin!.write(text)
  }

  endInput(data?: string | Uint8Array): void {
    this.#child.stdin!.end(data)
  }

  /** As `head` does when it has seen enough. */
  closeOutput(): void {
    this.#child.stdout!.destroy()
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Waits until its output or its messages match. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (let waited = 0; waited < PATIENCE_MS; waited += 10) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.#stderr)
      if (match !== null) return match
      await sleep(10)
    }
    throw new Error(`${this.#describe()} never said ${pattern}`)
  }

  /** The address that it listens on. */
  async address(): Promise<string> {
    const match = await this.says(/(?:listening on |"address":")([^\s"]+)/)
    return match[1]!
  }

  /** Waits until it has ended by itself. */
  async result(): Promise<Result> {
    const timeout = new AbortController()
    const tooLate = sleep(PATIENCE_MS, 'late', { signal: timeout.signal }).catch(() => undefined)
    const first = await Promise.race([this.#closed, tooLate])
    timeout.abort()
    if (first === 'late') throw new Error(`${this.#describe()} does not end`)
    return { code: this.#child.exitCode, stdout: this.stdout, stderr: this.#stderr }
  }

  #describe(): string {
    return `connect-ts ${this.#args.join(' ')}\nstdout: ${this.stdout.slice(0, 2000)}\nstderr: ${this.#stderr}\n`
  }
}

/** With time limits that no machine exceeds because it is slow, where the test gives none of its own. */
function patient(args: readonly string[]): readonly string[] {
  const limits = timeLimits[args[0] ?? ''] ?? []
  const missing = limits.filter(name => !args.includes(name))
  return [...args, ...missing.flatMap(name => [name, String(PATIENCE_MS)])]
}

const timeLimits: Readonly<Record<string, readonly string[]>> = {
  send: ['--connect-timeout-ms', '--close-timeout-ms'],
  ping: ['--connect-timeout-ms', '--close-timeout-ms', '--timeout-ms'],
  listen: ['--close-timeout-ms'],
  echo: ['--close-timeout-ms'],
}

/** Its first argument is a script for bash, in which `"$@"` is the program with the rest of the arguments. */
export class ShellProgram extends Program {
  protected override start([script = '', ...args]: readonly string[]): ChildProcess {
    const program = [process.execPath, '--import', 'tsx', 'src/cli/main.ts', ...patient(args)]
    return spawn('bash', ['-c', script, 'bash', ...program], { cwd: root })
  }
}

/** Runs it to its end, with nothing on its standard input. */
export function run(...args: string[]): Promise<Result> {
  return runWith('', ...args)
}

/** Runs it to its end, with `input` on its standard input. */
export function runWith(input: string | Uint8Array, ...args: string[]): Promise<Result> {
  const program = new Program(...args)
  program.endInput(input)
  return program.result()
}

/** A path in a folder that is removed when the test file has ended. */
export function temporary(name: string): string {
  folder ??= mkdtempSync(join(tmpdir(), 'connect-ts-cli-'))
  return join(folder, name)
}

/** The lines of an output, each as JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}

let folder: string | undefined

after(() => {
  for (const child of running) child.kill('SIGKILL')
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})
