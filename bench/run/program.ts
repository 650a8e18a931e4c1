import { type ChildProcess, type ForkOptions, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Reports } from '../child/reports.ts'
import { cores } from './cores.ts'
import { keep, stop } from './stop.ts'

const file = fileURLToPath(new URL('../child/main.js', import.meta.url))

export interface ProgramOptions {
  /** Which of the cores that there are; any of them unless told. */
  readonly core?: number | undefined
  /** Whether its memory levels are taken without garbage. */
  readonly exposeGc?: boolean | undefined
}

/** One of the two processes of a run, on Node. */
export class Program {
  /** Rejects if the process ends before it is stopped. */
  readonly ended: Promise<never>
  readonly #child: ChildProcess
  #stopped = false

  constructor(args: readonly string[], options: ProgramOptions) {
    const child = keep(
      fork(file, args, { ...commandOf(options), stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
    )
    this.#child = child
    this.ended = new Promise((_, reject) => {
      child.on('error', reject)
      child.once('exit', code => {
        if (!this.#stopped) reject(new Error(`a process ended early, with ${code}`))
      })
    })
    this.ended.catch(() => {})
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** What the process tells under this name, from now on. */
  told<K extends keyof Reports>(name: K): Promise<Reports[K]> {
    return new Promise(resolve => {
      const look = (report: Partial<Reports>): void => {
        if (!(name in report)) return
        this.#child.off('message', look)
        resolve(report[name] as Reports[K])
      }
      this.#child.on('message', look)
    })
  }

  say(word: string): void {
    this.#child.send(word)
  }

  /** Asks by the name of the report. */
  ask<K extends 'idle' | 'usage'>(name: K): Promise<Reports[K]> {
    const report = this.told(name)
    this.say(name)
    return report
  }

  stop(): Promise<void> {
    this.#stopped = true
    return stop(this.#child)
  }
}

/** `taskset` becomes the process that it starts, so that id and channel stay the same. */
function commandOf({ core, exposeGc }: ProgramOptions): ForkOptions {
  const execArgv = exposeGc === true ? ['--expose-gc'] : []
  if (core === undefined) return { execArgv }
  return { execPath: 'taskset', execArgv: ['-c', String(cores()[core]), process.execPath, ...execArgv] }
}
