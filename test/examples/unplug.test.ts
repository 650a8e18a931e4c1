import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Run } from './run-example.ts'

test('unplug loses nothing though its network is pulled three times', async () => {
  const run = new Run('unplug/main.ts', [])
  assert.equal(await run.exit(), 0, run.stderr)
  const lines = run.stdout.trim().split('\n')
  assert.equal(lines.filter(line => line === 'client: detached').length, 3)
  assert.equal(lines.filter(line => line === 'client: attached').length, 4)
  assert(lines.includes('server: 30000 messages came, in order, each once'))
  assert.equal(lines.at(-1), 'client: closed')
})
