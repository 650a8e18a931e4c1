import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programsOf, runProgram } from './support/document-programs.ts'

const firstProgram = programsOf('README.md')[0]!

test('the first program of the README prints its greeting and ends', async () => {
  const { stdout, stderr } = await runProgram(firstProgram)
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
  const { stdout, stderr } = await runProgram(program)
  assert.equal(stdout, 'Hello world!\n')
  assert.match(stderr, /frame size is 0/)
})
