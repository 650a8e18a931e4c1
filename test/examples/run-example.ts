import { type ChildProcess, spawn } from 'node:child_process'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

/** Longest wait for anything that a child is expected to do: a bound against hanging, however slow the machine is. */
export const WAIT_MS = 180_000

const root = fileURLToPath(new URL('../..', import.meta.url))

const running = new Set<Run>()
after(() => {
  for (const run of running) run.kill('SIGKILL')
})

/** A child that runs one of the examples. It is killed when the test file ends. */
export class Run {
  stdout = ''
  stderr = ''
  readonly exited: Promise<number | NodeJS.Signals>
  readonly #child: ChildProcess
  #watch = (): void => {}

  constructor(file: string, args: readonly string[], variables: Record<string, string> = {}) {
    const { INIT_CWD: _, NODE_TEST_CONTEXT: __, ...env } = process.env
    this.#child = spawn(process.execPath, ['--import', 'tsx', `examples/${file}`, ...args], {
      cwd: root,
      env: { ...env, ...variables },
    })
    this.#collect('stdout')
    this.#collect('stderr')
    running.add(this)
    this.exited = new Promise(resolve => {
      this.#child.once('close', (code, signal) => {
        running.delete(this)
        resolve(code ?? signal!)
        this.#watch()
      })
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** The exit code, or the name of the signal that ended it. */
  exit(): Promise<number | NodeJS.Signals> {
    return bounded(this.exited, () => `did not exit\n${this.#output()}`)
  }

  /** Waits until the output matches; returns the first group. */
  printed(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<string> {
    const found = new Promise<string>((resolve, reject) => {
      this.#watch = () => {
        const match = pattern.exec(this[stream])
        if (match !== null) resolve(match[1] ?? match[0])
        else if (!running.has(this)) reject(new Error(`ended without ${pattern}\n${this.#output()}`))
      }
      this.#watch()
    })
    return bounded(found, () => `did not print ${pattern}\n${this.#output()}`)
  }

  #collect(stream: 'stdout' | 'stderr'): void {
    this.#child[stream]!.setEncoding('utf8').on('data', text => {
      this[stream] += text
      this.#watch()
    })
  }

  #output(): string {
    return `stdout: ${this.stdout}\nstderr: ${this.stderr}`
  }
}

/** Runs an example to its end. */
export async function runToEnd(file: string, ...args: string[]): Promise<Run & { code: number | string }> {
  const run = new Run(file, args)
  return Object.assign(run, { code: await run.exit() })
}

/** Starts a server and waits for its address. */
export async function startServer(
  file: string,
  ...args: string[]
): Promise<{ server: Run; address: string }> {
  const server = new Run(file, args)
  return { server, address: await server.printed(/listening on (\S+)\n/) }
}

export async function bounded<T>(promise: Promise<T>, problem: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`within ${WAIT_MS} ms: ${problem()}`)), WAIT_MS)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
