import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Arguments } from '../../src/cli/arguments.ts'
import type { OptionTable } from '../../src/cli/option-table.ts'

const table: OptionTable = {
  flag: { text: '' },
  name: { value: 'NAME', text: '' },
  names: { value: 'NAME', multiple: true, text: '' },
  size: { value: 'N', range: { least: 1, most: 10, fallback: 5 }, text: '' },
}

test('what is not given has its default', () => {
  const args = new Arguments([], table)
  assert.deepEqual([args.flag('flag'), args.text('name'), args.texts('names')], [false, undefined, []])
  assert.deepEqual([args.number('size'), args.given('size')], [5, false])
})

test('what is given is read', () => {
  const args = new Arguments('--flag --name a b --names c --names d --size 10'.split(' '), table)
  assert.deepEqual([args.flag('flag'), args.text('name'), args.texts('names')], [true, 'a', ['c', 'd']])
  assert.deepEqual([args.number('size'), args.given('size')], [10, true])
  assert.deepEqual(args.positionals, ['b'])
})

test('what follows -- is no option', () => {
  assert.deepEqual(new Arguments(['--', '--flag'], table).positionals, ['--flag'])
})

for (const value of ['0', '11', '1.5', '1e1', '0x2', 'two', '', ' 3']) {
  test(`'${value}' is no whole number from 1 to 10`, () => {
    assert.throws(() => new Arguments([`--size=${value}`], table), {
      code: 'USAGE',
      message: `--size must be a whole number from 1 to 10; it is '${value}'`,
    })
  })
}

test('an unknown option is named', () => {
  assert.throws(() => new Arguments(['--wave'], table), { code: 'USAGE', message: "Unknown option '--wave'" })
})

test('an option without its value is named', () => {
  assert.throws(() => new Arguments(['--name'], table), { code: 'USAGE', message: /--name/ })
  assert.throws(() => new Arguments(['--size', '-1'], table), {
    code: 'USAGE',
    message: /^[^\n]*--size[^\n]*$/,
  })
})
