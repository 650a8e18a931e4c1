// Compiles src to dist: declarations by tsc, and code by esbuild.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = fileURLToPath(import.meta.resolve('typescript/bin/tsc'))

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true })
execFileSync(process.execPath, [tsc, '--project', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
await bundle('dist')
