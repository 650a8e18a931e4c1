import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bundle } from '../../scripts/bundle.js'
import { certificates } from '../support/certificates.ts'
import { failOnLeaks } from '../support/leaks.ts'

failOnLeaks()

const listens: Readonly<Record<string, string>> = {
  tcp: "listen('tcp://127.0.0.1:0')",
  tls: "listen('tls://127.0.0.1:0', { tls: localhost })",
  unix: "listen('unix://' + import.meta.dirname + '/socket')",
  sctp: "listen('sctp://127.0.0.1:0?udp=0')",
  'dtls-sctp': "listen('dtls-sctp://127.0.0.1:0', { tls: localhost })",
  memory: "listen('memory://here')",
}

/** What a use has come to. */
interface Outcome {
  readonly code: string
  readonly isOurs?: boolean
  readonly cause?: string
  readonly message?: string
}

/** Uses a scheme for the first time in circumstances that are bad, and once more in good ones. */
const PROGRAM = (use: string, spoil: string, mend: string): string => `
  import { closeSync, openSync, renameSync, writeSync } from 'node:fs'
  import { ConnectError, listen } from './dist/index.js'
  const localhost = ${JSON.stringify(certificates.localhost)}
  const use = () => ${use}.then(
    async listener => {
      await listener.close()
      return { code: 'fulfilled' }
    },
    error => ({ code: error.code, isOurs: error instanceof ConnectError, cause: error.cause?.code, message: error.message }))
  const hogs = []
  const spare = Number(process.argv[2])
  ${spoil}
  const first = await use()
  ${mend}
  const second = await use()
  writeSync(1, JSON.stringify({ first, second }))
`

const TAKE_DESCRIPTORS = `
  try {
    for (;;) hogs.push(openSync('/dev/null', 'r'))
  } catch {}
  for (const hog of hogs.splice(0, spare)) closeSync(hog)`
const GIVE_BACK = 'for (const hog of hogs) closeSync(hog)'

describe('what is loaded when it is first used', () => {
  const folder = mkdtempSync(join(tmpdir(), 'connect-ts-'))

  before(async () => {
    await bundle(join(folder, 'dist'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  async function run(
    scheme: string,
    [spoil, mend]: readonly [string, string],
    spare = 0,
  ): Promise<{ first: Outcome; second: Outcome }> {
    const main = join(folder, `${scheme}-${spare}.js`)
    writeFileSync(main, PROGRAM(listens[scheme]!, spoil, mend))
    const script = 'ulimit -n 128; exec "$@"'
    const args = ['-c', script, 'bash', process.execPath, main, String(spare)]
    const { stdout } = await promisify(execFile)('bash', args, { cwd: folder, timeout: 60_000 })
    return JSON.parse(stdout)
  }

  for (const scheme of Object.keys(listens)) {
    test(`is TRANSPORT_UNAVAILABLE without descriptors, and tried again with the next use: ${scheme}`, async () => {
      const { first, second } = await run(scheme, [TAKE_DESCRIPTORS, GIVE_BACK])
      assert.equal(first.code, 'TRANSPORT_UNAVAILABLE', JSON.stringify(first))
      assert(first.isOurs)
      assert.match(first.message!, new RegExp(`${scheme}: cannot be loaded.*tried again`))
      assert.equal(second.code, 'fulfilled', JSON.stringify(second))
    })

    test(`is tried again however few descriptors there were: ${scheme}`, async () => {
      for (const spare of [1, 2, 3, 5, 8, 14, 15, 16, 17, 18, 20]) {
        const { first, second } = await run(scheme, [TAKE_DESCRIPTORS, GIVE_BACK], spare)
        if (first.code !== 'fulfilled') assert(first.isOurs, `${spare} left: ${JSON.stringify(first)}`)
        assert.equal(second.code, 'fulfilled', `${spare} left: ${JSON.stringify(second)}`)
      }
    })

    test(`is TRANSPORT_UNAVAILABLE while the package is replaced, and tried again: ${scheme}`, async () => {
      const away = ["renameSync('dist', 'away')", "renameSync('away', 'dist')"] as const
      const { first, second } = await run(scheme, away)
      assert.deepEqual(
        [first.code, first.isOurs, first.cause],
        ['TRANSPORT_UNAVAILABLE', true, 'ERR_MODULE_NOT_FOUND'],
      )
      assert.equal(second.code, 'fulfilled', JSON.stringify(second))
    })
  }
})
