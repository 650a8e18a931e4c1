import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'))

describe('package.json', () => {
  test('names in allowScripts each dependency that runs a script when it is installed: npm warns of others', () => {
    const packages: Record<string, { hasInstallScript?: true }> = read('package-lock.json').packages
    const withScripts = Object.entries(packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.replace(/^.*node_modules\//, ''))
    assert.deepEqual(Object.keys(read('package.json').allowScripts), withScripts.sort())
  })

  test('starts the main job and the examples from their sources: a build takes several seconds', () => {
    const { scripts } = read('package.json')
    assert.equal(scripts.start, 'tsx examples/file-transfer/main.ts')
    assert.equal(scripts['example:unplug'], 'tsx examples/unplug/main.ts')
  })
})
