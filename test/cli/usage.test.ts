import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { jsonLines, Program, run } from './program.ts'

const commands = ['echo', 'listen', 'send', 'ping']

/** Arguments, the exit code that they get, and what the message names. */
const failures: readonly (readonly [string, number, RegExp])[] = [
  ['', 2, /USAGE: a command is missing/],
  ['wave', 2, /USAGE: there is no command 'wave'; there are/],
  ['pign', 2, /USAGE: there is no command 'pign'; did you mean ping\?; there are/],
  ['help lisen', 2, /USAGE: there is no command 'lisen'; did you mean listen\?; there are/],
  ['send tcp://127.0.0.1:1 a --sesion', 2, /USAGE: Unknown option '--sesion'; did you mean --session\?$/m],
  ['send tcp://127.0.0.1:1 a --recip 7', 2, /USAGE: Unknown option '--recip'; did you mean --recipient\?$/m],
  ['ping tpc://127.0.0.1:1', 2, /USAGE: address 'tpc:.*': tpc:\/\/ is not known; did you mean tcp:\/\/\?$/m],
  ['echo stcp://127.0.0.1:1', 2, /USAGE: .* is not known; did you mean \w+:\/\/\?$/m],
  ['echo unix:///no/such/folder/a', 1, /LISTEN_FAILED: .*the folder \/no does not exist$/m],
  [
    'ping tls://127.0.0.1:1 --ca no-such-file',
    1,
    /FILE_FAILED: cannot read --ca no-such-file: there is no such file$/m,
  ],
  ['send tcp://127.0.0.1:1 a b', 2, /USAGE: unexpected argument 'b'/],
  ['send tcp://127.0.0.1:1 a --wave', 2, /USAGE: Unknown option '--wave'$/m],
  ['send tcp://127.0.0.1:1 a --recipient 65536', 2, /USAGE: --recipient must be .* 65535; it is '65536'/],
  ['send tcp://127.0.0.1:1 a --alpn x', 2, /INVALID_OPTION: option tls/],
  [
    'send tcp://127.0.0.1:1 --file no-such-file',
    1,
    /FILE_FAILED: cannot read no-such-file: there is no such file$/m,
  ],
  [
    'listen tcp://127.0.0.1:0 --output /no/such/folder/a',
    1,
    /FILE_FAILED: cannot write to \/no\/such\/folder\/a: the folder \/no\/such\/folder does not exist$/m,
  ],
  ['echo tls://127.0.0.1:0', 2, /USAGE: .*--cert FILE and --key FILE/],
  ['echo dtls-sctp://127.0.0.1:0', 2, /USAGE: .*dtls-sctp:\/\/ takes --cert FILE and --key FILE/],
  ['echo memory://name', 2, /USAGE: .*memory:/],
  ['ping ftp://127.0.0.1:1', 2, /INVALID_ADDRESS: .*ftp:/],
  ['ping sctp://127.0.0.1', 2, /INVALID_ADDRESS: .*port is missing/],
  ['listen sctp://127.0.0.1:0?port=9900', 2, /INVALID_ADDRESS: .*\?udp=/],
  ['ping dtls-sctp://127.0.0.1', 2, /INVALID_ADDRESS: .*port is missing/],
  ['ping dtls-sctp://127.0.0.1:1?udp=1', 2, /INVALID_ADDRESS: .*\?sctp=/],
  ['send sctp://127.0.0.1:1?udp=1 a --alpn x', 2, /INVALID_OPTION: option tls/],
  ['send sctp://127.0.0.1:1?udp=1 a', 1, /CONNECT_FAILED: /],
  ['send dtls-sctp://127.0.0.1:1 a', 1, /CONNECT_FAILED: /],
]

describe('usage', { concurrency: 4 }, () => {
  test('the help of the program names every command, address and exit code', async () => {
    const { code, stdout } = await run('--help')
    assert.equal(code, 0)
    for (const command of commands) assert.match(stdout, new RegExp(`^ {2}${command} ADDRESS`, 'm'))
    for (const scheme of ['tcp', 'tls', 'sctp', 'dtls-sctp', 'unix'])
      assert.match(stdout, new RegExp(`^ {2}${scheme}://`, 'm'))
    for (const exitCode of [0, 1, 2, 130, 143]) assert.match(stdout, new RegExp(`^ {2}${exitCode} `, 'm'))
  })

  for (const command of commands) {
    test(`the help of ${command} has a synopsis, options, examples and exit codes, in 80 columns`, async () => {
      const { code, stdout } = await run(command, '-h')
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`^Usage: connect-ts ${command} ADDRESS`, 'm'))
      assert.match(stdout, /^ {2}--close-timeout-ms MS .*$/m)
      assert.match(stdout, new RegExp(`^Examples:\n {2}connect-ts ${command} `, 'm'))
      assert.match(stdout, /^Exit codes:$/m)
      assert.deepEqual(
        stdout.split('\n').filter(line => line.length > 80),
        [],
      )
    })
  }

  test('help is a command, too, for the program and for each command', async () => {
    assert.deepEqual(await run('help'), await run('--help'))
    assert.deepEqual(await run('help', 'send'), await run('send', '--help'))
  })

  test('--version prints the version of the package, as does -v', async () => {
    const { stdout } = await run('--version')
    assert.equal((await run('-v')).stdout, stdout)
    assert.equal((await run('send', '-v')).stdout, stdout)
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    assert.equal(stdout, `${version}\n`)
  })

  for (const [args, expected, message] of failures) {
    test(`'${args}' exits with ${expected} and a message that names the cause`, async () => {
      const { code, stdout, stderr } = await run(...args.split(' ').filter(word => word !== ''))
      assert.equal(code, expected)
      assert.equal(stdout, '')
      assert.match(stderr, message)
      assert.match(stderr, /^connect-ts: [A-Z_]+: .*\n$/)
    })
  }

  test('an option before the command is told where it belongs', async () => {
    const { code, stderr } = await run('--json', 'send')
    assert.equal(code, 2)
    const [{ error }] = jsonLines(stderr) as [{ error: { code: string; message: string } }]
    assert.equal(error.message, 'options stand behind the command: connect-ts send ADDRESS [OPTIONS]')
  })

  test('an empty text is refused with a reason', async () => {
    const { code, stderr } = await run('send', 'tcp://127.0.0.1:1', '')
    assert.equal(code, 2)
    assert.match(stderr, /USAGE: TEXT is empty; a datagram carries at least 1 byte/)
  })

  test('with --json an error is JSON on standard error', async () => {
    const { code, stderr } = await run('send', 'unix:///no/such.sock', 'a', '--json')
    assert.equal(code, 1)
    const [{ error }] = jsonLines(stderr) as [{ error: { code: string; message: string } }]
    assert.equal(error.code, 'CONNECT_FAILED')
    assert.match(error.message, /no\/such\.sock/)
  })

  test('an address in use is a failure of listen', async () => {
    const first = new Program('echo', 'tcp://127.0.0.1:0')
    const { code, stderr } = await run('listen', await first.address())
    assert.equal(code, 1)
    assert.match(stderr, /^connect-ts: LISTEN_FAILED: /)
  })
})
