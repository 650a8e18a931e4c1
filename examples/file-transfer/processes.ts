import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

/** Starts one of the programs in this folder. It ends with this process at the latest, however that ends. */
export function start(program: string, args: readonly string[], stdout: 'inherit' | 'ignore'): ChildProcess {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), args, {
    cwd: PROJECT,
    execArgv: ['--import', import.meta.resolve('tsx')],
    stdio: ['ignore', stdout, 'inherit', 'ipc'],
  })
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  return child
}

/** Called by a program that `start` runs: not even a parent that was killed leaves it behind. */
export function endWithParent(): void {
  process.once('disconnect', () => process.exit(1))
  // Listening for that must not keep alive a program that is done.
  process.channel?.unref()
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
