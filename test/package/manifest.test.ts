import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

const text = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const read = (name: string) => JSON.parse(text(name))

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

  test('packs each document that README links to', () => {
    const { files } = read('package.json')
    const linked = [...text('README.md').matchAll(/\]\(([A-Z]+\.md)/g)].map(([, name]) => name)
    assert.ok(linked.length > 3)
    for (const name of linked) assert.ok(files.includes(name), name)
  })
})

describe('the workflow', () => {
  test('runs .ci/run on each Node that the packed package is tried on', () => {
    const workflow = text('.github/workflows/ci.yml')
    const [, list = ''] = /^ +node: \[(.*)\]$/m.exec(workflow) ?? []
    const tried = Object.keys(read('.ci/node-versions/package.json').dependencies)
    assert.deepEqual(
      list.split(', ').map(version => `node-${version}`),
      tried,
    )
    assert.match(workflow, /^ +- run: bash \.ci\/run$/m)
  })
})
