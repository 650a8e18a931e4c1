import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Why processes cannot be put on cores of their own here; undefined if they can. */
export function whyNotPinned(): string | undefined {
  if (spawnSync('taskset', ['-V']).status !== 0) return 'there is no taskset'
  return cores().length < 2 ? 'there is only one core' : undefined
}

/** The numbers of the cores that this process may run on. */
export function cores(): number[] {
  const list = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]!
  return list.split(',').flatMap(range => {
    const [from, to = from] = range.split('-').map(Number)
    return Array.from({ length: to! - from! + 1 }, (_, i) => from! + i)
  })
}
