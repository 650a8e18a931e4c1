import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The test files of a tree whose path contains one of the words, in the order of the words. */
export function testFiles(folder: string, words: readonly string[]): string[] {
  const files = readdirSync(join(folder, 'test'), { recursive: true })
    .map(file => `test/${String(file)}`)
    .filter(file => file.endsWith('.test.ts'))
    .sort()
  return [...new Set(words.flatMap(word => files.filter(file => file.includes(word))))]
}

/** What the tests said of the sources. `failed`: `test` is the first that failed. */
export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly test: string }
  | { readonly kind: 'timed-out' }

const running = new Set<ChildProcess>()

process.on('exit', () => {
  for (const child of running) stop(child)
})

/** Runs test files in a tree until the first failure, for at most `limitMs`. Leaves no process behind. */
export function runTests(folder: string, files: readonly string[], limitMs: number): Promise<Verdict> {
  const args = ['--import', 'tsx', '--test', '--test-reporter=tap', ...files]
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true, // a process group of its own, so that what the tests start ends with it
  })
  running.add(child)
  return new Promise((resolve, reject) => {
    let output = ''
    const settle = (verdict: Verdict): void => {
      clearTimeout(timer)
      stop(child)
      resolve(verdict)
    }
    const timer = setTimeout(() => settle({ kind: 'timed-out' }), limitMs)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const failure = firstFailure(output)
      if (failure !== undefined) settle({ kind: 'failed', test: failure })
    })
    child.on('error', reject)
    child.on('close', code =>
      settle(code === 0 ? { kind: 'passed' } : { kind: 'failed', test: `exit ${code}` }),
    )
  })
}

/** Ends a process and what it has started. */
function stop(child: ChildProcess): void {
  running.delete(child)
  try {
    process.kill(-child.pid!, 'SIGKILL')
  } catch {} // it has ended by itself
}

/** The innermost test is reported before those around it. */
function firstFailure(tap: string): string | undefined {
  return /^ *not ok \d+ - (.*)\n/m.exec(tap)?.[1]
}
