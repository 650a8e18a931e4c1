import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programsOf, runProgram } from './support/document-programs.ts'

const programs = programsOf('docs/guide/testing.md')

test('the page on testing has programs', () => {
  assert.equal(programs.length, 4)
})

for (const [i, program] of programs.entries()) {
  test(`program ${i + 1} of the page on testing passes its own tests`, async () => {
    const { stdout, stderr } = await runProgram(program)
    const tests = program.match(/^test\(/gm)!.length
    assert.match(stdout, new RegExp(`^# pass ${tests}$|^ℹ pass ${tests}$`, 'm'))
    assert.match(stdout, /^# fail 0$|^ℹ fail 0$/m)
    assert.equal(stderr, '')
  })
}
