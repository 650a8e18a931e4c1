import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const firstProgram = /```ts\n([\s\S]*?)```/.exec(readme)![1]!

/** Runs a program as a file of the project, so that `connect-ts` is found. */
async function run(program: string): Promise<{ stdout: string; stderr: string }> {
  const folder = mkdtempSync(join(root, '.readme-'))
  try {
    const file = join(folder, 'program.ts')
    writeFileSync(file, program)
    return await promisify(execFile)(process.execPath, ['--import', 'tsx', file], {
      cwd: root,
      timeout: 30_000,
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('the first program of the README prints its greeting and ends', async () => {
  const { stdout, stderr } = await run(firstProgram)
  assert.equal(stdout, 'Hello world!\n')
  assert.equal(stderr, '')
})

test('its server goes on serving after a peer that sends garbage', async () => {
  const garbage = `
    await new Promise<void>(resolve => {
      const socket = hostile(Number(new URL(listener.address).port), '127.0.0.1')
      socket.end(new Uint8Array(8)).resume().on('error', () => {}).on('close', () => resolve())
    })
    await using connection`
  const program = `import { connect as hostile } from 'node:net'\n${firstProgram.replace('await using connection', garbage)}`
  const { stdout, stderr } = await run(program)
  assert.equal(stdout, 'Hello world!\n')
  assert.match(stderr, /frame size is 0/)
})
