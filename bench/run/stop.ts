import type { ChildProcess } from 'node:child_process'

const running = new Set<ChildProcess>()

// However this process ends, it leaves none behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))

/** Sees to it that a process does not outlive this one. */
export function keep<T extends ChildProcess>(child: T): T {
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** Kills a process and waits until it is gone. */
export async function stop(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}
