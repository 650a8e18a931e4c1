import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mutate } from '../../scripts/mutate/mutant.ts'
import { parts } from '../../scripts/mutate/parts.ts'
import { testFiles } from '../../scripts/mutate/suites.ts'
import { sourcesOfLibrary } from '../support/compiled-copy.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('the lists of mutants', () => {
  const sources = sourcesOfLibrary()

  for (const part of parts) {
    it(`fit the sources: ${part.name}`, () => {
      assert.ok(part.mutants.length > 0)
      for (const mutant of part.mutants) {
        const source = sources.get(mutant.file)
        assert.ok(source !== undefined, `${mutant.file} is not there`)
        assert.notEqual(mutate(source, mutant), source)
      }
    })

    it(`name test files that exist: ${part.name}`, () => {
      for (const word of part.suites) assert.notEqual(testFiles(root, [word]).length, 0, word)
    })
  }

  it('have names of their own', () => {
    assert.equal(new Set(parts.map(part => part.name)).size, parts.length)
  })
})
