import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { within } from '../waiting.ts'

/** Runs a program of this directory and reads the JSON that it prints. */
export async function runProgram(
  name: string,
  options: {
    readonly shell?: string
    readonly env?: Readonly<Record<string, string>>
    readonly args?: readonly string[]
  } = {},
): Promise<unknown> {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
  const command = [process.execPath, ...(options.args ?? []), '--import', 'tsx', file]
  const [head, ...rest] = options.shell
    ? ['bash', '-c', `${options.shell}; exec "$@"`, 'bash', ...command]
    : command
  const child = spawn(head!, rest, {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', chunk => {
    out += chunk
  })
  child.stderr.on('data', chunk => {
    err += chunk
  })
  try {
    const status = await within(
      new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve)),
      `the program ${name}`,
      30_000,
    )
    assert.equal(status, 0, `${name} failed: ${err}`)
    return JSON.parse(out)
  } finally {
    child.kill('SIGKILL')
  }
}
