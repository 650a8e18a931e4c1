import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

const running = new Set<ChildProcess>()

/** Starts one of the programs in this folder. It ends with this process at the latest, however that ends. */
export function start(program: string, args: readonly string[], stdout: 'inherit' | 'ignore'): ChildProcess {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), args, {
    cwd: PROJECT,
    execArgv: ['--import', import.meta.resolve('tsx')],
    stdio: ['ignore', stdout, 'inherit', 'ipc'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** Asks all that `start` has started to stop. */
export function stopAll(): void {
  for (const child of running) child.kill('SIGTERM')
}

/**
 * Fires when the program shall stop: at a signal, and for a program that `start` runs, when its parent is gone, even if
 * that was killed. A program that breaks its connections off then does not look to its peer like one that was done.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = (why: string): void => controller.abort(new Error(why))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => stop(`stopped by ${signal}`))
  process.once('disconnect', () => stop('the parent process has gone'))
  // Listening for that must not keep alive a program that is done.
  process.channel?.unref()
  return controller.signal
}

/** The first message of a child; throws if it ends before that. */
export async function firstMessage(child: ChildProcess, name: string): Promise<unknown> {
  const message = once(child, 'message').then(([value]) => value as unknown)
  const ended = exitCode(child).then(code => {
    throw new Error(`the ${name} ended with exit code ${code} before it was ready`)
  })
  return Promise.race([message, ended])
}

/** The exit code of a child, as a shell gives it: 128 and the signal's number if a signal has ended it. */
export async function exitCode(child: ChildProcess): Promise<number> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return code ?? 128 + constants.signals[signal!]
}
