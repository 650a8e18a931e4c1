import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, afterEach, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { findNodeFfi } from '../../../src/transport/dtls-sctp/engine/node-ffi-library.ts'
import { certificates } from '../../support/certificates.ts'
import { CompiledCopy } from '../../support/compiled-copy.ts'

/** Newer Nodes can do without koffi, unless they are told not to. */
const withoutFfi = findNodeFfi() === undefined ? [] : ['--no-experimental-ffi']

const BOTH_ATTEMPTS = `
  const attempts = [
    () => library.connect('dtls-sctp://127.0.0.1:9', { tls: { ca: certificates.ca } }),
    () => library.listen('dtls-sctp://127.0.0.1:0', { tls: certificates.localhost }),
    () => library.connect('dtls-sctp://127.0.0.1:9', { tls: { ca: certificates.ca } }),
  ]
  const outcomes = []
  for (const attempt of attempts) {
    outcomes.push(await attempt().then(
      () => 'fulfilled',
      error => ({ isOurs: error instanceof library.ConnectError, code: error.code, message: error.message,
        hasCause: error.cause instanceof Error })))
  }
  return outcomes`

const EXCHANGES = `
  const { localhost, ca } = certificates
  const kinds = [
    ['tcp://127.0.0.1:0'],
    ['tls://127.0.0.1:0', { tls: localhost }, { tls: { ca } }],
    ['sctp://127.0.0.1:0?udp=0'],
    ['memory://here'],
  ]
  const received = []
  for (const [address, listenOptions, connectOptions] of kinds) {
    const listener = await library.listen(address, listenOptions)
    const accepting = listener.accept()
    const connection = await library.connect(listener.address, connectOptions)
    const accepted = await accepting
    await connection.writer.send(new library.ConnectDatagram(7, Uint8Array.of(1, 2)))
    received.push([...(await accepted.reader.receive()).data])
    accepted.abort()
    connection.abort()
    await listener.close()
  }
  return received`

/** A koffi without a program behind it: every function gives nothing, but for what stands here. */
const fakeKoffi = (functions: string): string => `
  const functions = ${functions}
  const find = name => functions[name] ?? (() => 0n)
  export default {
    load: () => ({ func: find }), proto: () => ({}), pointer: () => ({}), register: () => 1n,
  }`

describe('where DTLS cannot be had', () => {
  let copy: CompiledCopy
  before(() => {
    copy = new CompiledCopy()
  })
  afterEach(() => copy.delete('node_modules'))
  after(() => copy.remove())

  function installKoffi(source: string): void {
    copy.write('node_modules/koffi/package.json', '{ "type": "module", "exports": "./index.js" }')
    copy.write('node_modules/koffi/index.js', source)
  }

  /** What the code returns, run in a process that has no package but those of the copy. */
  async function runs(code: string): Promise<unknown> {
    const main = copy.write(
      'main.js',
      `import * as library from './index.js'
      const certificates = ${JSON.stringify(certificates)}
      const run = async () => {${code}}
      process.stdout.write(JSON.stringify(await run()))`,
    )
    const { stdout } = await promisify(execFile)(process.execPath, [...withoutFfi, main], { timeout: 20_000 })
    return JSON.parse(stdout)
  }

  /** Each attempt says this, and leaves nothing open: the process ends. */
  async function isUnavailable(message: string): Promise<void> {
    const outcome = {
      isOurs: true,
      code: 'TRANSPORT_UNAVAILABLE',
      message: `dtls-sctp: is not available here: ${message}`,
      hasCause: true,
    }
    assert.deepEqual(await runs(BOTH_ATTEMPTS), [outcome, outcome, outcome])
  }

  const getKoffi = 'Install it with: npm install koffi@3'
  const getOpenSsl = 'Use a Node from nodejs.org, or one that brings OpenSSL 3'

  it('connect and listen say that koffi is not installed', async () => {
    await isUnavailable(`the package koffi is not installed. ${getKoffi}`)
  })

  it('the other transports work', async () => {
    const received = (await runs(EXCHANGES)) as unknown[]
    assert.deepEqual(received, Array(4).fill([1, 2]))
  })

  it('connect and listen say that koffi cannot be loaded, and why', async () => {
    installKoffi("throw new Error('its native part is for another machine')")
    await isUnavailable(`koffi cannot be loaded: its native part is for another machine. ${getKoffi}`)
  })

  it('they say which function is not in the program', async () => {
    installKoffi(fakeKoffi("{ get DTLSv1_listen() { throw new Error('no DTLSv1_listen in here') } }"))
    const why = 'the OpenSSL inside this runtime cannot be used: no DTLSv1_listen in here'
    await isUnavailable(`${why}. ${getOpenSsl}`)
  })

  const others = { 'OpenSSL 1.1.1w': '  11 Sep 2023', 'OpenSSL 30.0.0': ' 1 Jan 2050', BoringSSL: '' }
  for (const [name, date] of Object.entries(others)) {
    it(`they refuse ${name}`, async () => {
      installKoffi(fakeKoffi(`{ OpenSSL_version: () => '${name}${date}' }`))
      const why = `the OpenSSL inside this runtime cannot be used: it has ${name}, and OpenSSL 3 is needed`
      await isUnavailable(`${why}. ${getOpenSsl}`)
    })
  }
})
