import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Case, Contender } from '../case.ts'

const probe = fileURLToPath(new URL('../import/time.js', import.meta.url))
const empty = new URL('../import/empty.js', import.meta.url).href

export const importTime: Case = {
  name: 'import',
  about: "`await import('connect-ts')` in a fresh process, beside that of an empty module.",
  contenders: [contender('connect-ts', 'connect-ts'), contender('empty module', empty)],
  columns: ['importMs'],
  compared: [],
  goals: [{ figure: 'importMs', against: 'empty module', by: 'difference', atMost: 10 }],
  rounds: { full: 20, quick: 20 },
}

function contender(name: string, specifier: string): Contender {
  return {
    name,
    run: async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [probe, specifier])
      return { importMs: Number(stdout) }
    },
  }
}
