// Runs all tests, or those whose path contains one of the words given: npm test -- decoder tls
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const words = process.argv.slice(2)
const files = readdirSync(new URL('../test', import.meta.url), { recursive: true })
  .map(file => `test/${String(file).replaceAll('\\', '/')}`)
  .filter(file => file.endsWith('.test.ts'))
  .filter(file => words.length === 0 || words.some(word => file.includes(word)))
  .sort()

if (files.length === 0) {
  console.error('no test file matches')
  process.exit(1)
}
const run = spawnSync(process.execPath, ['--import', 'tsx', '--test', ...files], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(run.status ?? 1)
