import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { Arguments } from '../../src/cli/arguments.ts'
import { CliError, CliErrorCode } from '../../src/cli/cli-error.ts'
import { datagramJson, datagramLine } from '../../src/cli/datagram-line.ts'
import { listen as listenCommand } from '../../src/cli/listen.ts'
import { Output } from '../../src/cli/output.ts'
import { openStore } from '../../src/cli/store.ts'
import { terminalLine, terminalText } from '../../src/cli/terminal-text.ts'
import { ConnectDatagram } from '../../src/index.ts'
import { Program, run, runWith, temporary } from './program.ts'

/** C0, DEL, C1, bidirectional controls, separators, invisible tags, half a surrogate pair, a byte order mark. */
const tricks = [
  '\0', '\x07', '\b', '\x1b[2J', '\x7f', '\x85', '\x9b31m', '\x9d0;title\x9c', '\u061c', '\u200e', '\u200f', '\u2028', '\u2029',
  '\u202a', '\u202e', '\u2066', '\u2069', '\ufeff', '\u{e0041}', '\ud800', '\udc00',
] // biome-ignore format: a list

/** What a terminal could take for something else than a character: by the standard's categories, not by our pattern. */
function isHarmless(text: string): boolean {
  for (const char of text) {
    const code = char.codePointAt(0)!
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029
    const isBidi =
      code === 0x61c ||
      code === 0x200e ||
      code === 0x200f ||
      (code >= 0x202a && code <= 0x202e) ||
      (code >= 0x2066 && code <= 0x2069)
    if (
      isControl ||
      isBidi ||
      code === 0xfeff ||
      (code >= 0xd800 && code < 0xe000) ||
      (code >= 0xe0000 && code < 0xe0100)
    )
      return false
  }
  return true
}

describe('what reaches a terminal', () => {
  test('no character of any plane is a command, and text is as it was', () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      const char = String.fromCodePoint(code)
      assert.ok(isHarmless(terminalLine(char)), `U+${code.toString(16)}`)
      assert.ok(isHarmless(terminalText(char).replaceAll(/[\n\t]/g, '')), `U+${code.toString(16)}`)
    }
    for (const text of ['Grüße!', '日本語', 'שלום', '👩‍🚀', 'a\\b "c"'])
      assert.equal(terminalLine(text), text)
    assert.equal(terminalLine('a\nb\r\tc'), 'a\\nb\\r\\tc')
    assert.equal(terminalText('a\nb\r\tc'), 'a\nb\\r\tc')
    assert.equal(terminalLine('\x1b\u{e0041}'), '\\u001b\\udb40\\udc41')
  })

  test('JSON stays the same JSON', () => {
    for (const trick of tricks) {
      const line = terminalLine(JSON.stringify({ text: `a${trick}b` }))
      assert.ok(isHarmless(line))
      assert.deepEqual(JSON.parse(line), { text: `a${trick}b` })
    }
  })

  test('a datagram that holds one is shown in hex', () => {
    for (const trick of tricks.filter(text => !/\p{Cs}/u.test(text))) {
      const datagram = new ConnectDatagram(0, trick)
      assert.equal(
        datagramLine(datagram),
        `recipient 0, ${datagram.byteLength} ${datagram.byteLength === 1 ? 'byte' : 'bytes'}: hex ${Buffer.from(trick).toString('hex')}`,
      )
      assert.equal(JSON.parse(terminalLine(datagramJson(1, datagram))).text, trick)
    }
  })

  test('listen --output - shows text on a terminal, and gives every byte to anything else', async () => {
    for (const isTTY of [true, false]) {
      const chunks: Buffer[] = []
      const stream = new Writable({
        write(chunk, _, done) {
          chunks.push(Buffer.from(chunk))
          done()
        },
      })
      const output = new Output(
        Object.assign(stream, { isTTY }),
        () => new CliError(CliErrorCode.FILE_FAILED, 'x'),
      )
      const store = await openStore(new Arguments(['--output', '-'], listenCommand.options), output)
      const bytes = Buffer.from('one\n\x1b[2Jü')
      // Cut inside a character.
      for (const data of [bytes.subarray(0, -1), bytes.subarray(-1)])
        await store.take(1, new ConnectDatagram(0, data))
      await store.end()
      assert.equal(Buffer.concat(chunks).toString(), isTTY ? 'one\n\\u001b[2Jü' : 'one\n\x1b[2Jü')
    }
  })

  test('no command prints one, be it in an argument, an error or a datagram', async () => {
    const trick = 'a\x1b[2J\x9b31m\u202eb\u2028\nc'
    const outputs = [
      await run('send', `tcp://${trick}:1`, 'x'),
      await run('send', 'tcp://127.0.0.1:1', 'x', `--${trick}`),
      await run('ping', `unix:///${trick}`),
      await run('ping', `unix:///${trick}`, '--json'),
      await run('send', 'tcp://127.0.0.1:1', '--file', trick),
      await run(trick),
    ]
    const listener = new Program('listen', 'tcp://127.0.0.1:0', '--once', '--json')
    await run('send', await listener.address(), trick)
    for (const { stdout, stderr } of [...outputs, await listener.result()]) {
      assert.ok(isHarmless((stdout + stderr).replaceAll('\n', '')), JSON.stringify(stdout + stderr))
    }
    for (const { code, stderr } of outputs) {
      assert.notEqual(code, 0)
      assert.match(stderr, /\\u001b.*\n$/)
    }
  })
})

describe('secrets in arguments', { concurrency: 4 }, () => {
  const passwords = ['secret', 'se/cr?et', 's#ecr@et', 'secret:1']
  for (const password of passwords) {
    test(`an address is refused without its password '${password}'`, async () => {
      const lines = [
        ['ping', `tcp://user:${password}@127.0.0.1:1`],
        ['ping', `user:${password}@127.0.0.1:99999`],
        ['listen', `tls://user:${password}@127.0.0.1:1`, '--cert', 'x', '--key', 'y'],
        ['listen', `memory://user:${password}@name`],
        ['send', 'tcp://127.0.0.1:1', 'text', `tcp://user:${password}@127.0.0.1:1`],
        [`tcp://user:${password}@127.0.0.1:1`],
      ]
      for (const args of lines) {
        const { code, stdout, stderr } = await run(...args)
        assert.notEqual(code, 0, args.join(' '))
        assert.doesNotMatch(stdout + stderr, /user:|ecr/, args.join(' '))
      }
    })
  }

  test('a key that is given in place of its file is not echoed', async () => {
    const { code, stderr } = await run(
      'ping',
      'tls://127.0.0.1:1',
      '--cert',
      'x',
      '--key',
      '-----BEGIN PRIVATE KEY-----secret',
    )
    assert.notEqual(code, 0)
    assert.doesNotMatch(stderr, /secret/)
  })
})

describe('the file of listen --output', { concurrency: 4 }, () => {
  test('is as it was where it cannot listen', async () => {
    const path = temporary('kept')
    writeFileSync(path, 'precious')
    const first = new Program('echo', 'tcp://127.0.0.1:0')
    const attempts = [
      ['listen', await first.address(), '--output', path],
      ['listen', 'tls://127.0.0.1:0', '--output', path],
      ['listen', 'ftp://127.0.0.1:0', '--output', path],
      ['listen', 'tcp://127.0.0.1:0', '--output', path, '--count', 'x'],
    ]
    for (const args of attempts) {
      assert.notEqual((await run(...args)).code, 0)
      assert.equal(readFileSync(path, 'utf8'), 'precious')
    }
  })

  test('is emptied when it listens', async () => {
    const path = temporary('emptied')
    writeFileSync(path, 'precious')
    const listener = new Program('listen', 'tcp://127.0.0.1:0', '--output', path, '--once')
    await runWith('', 'send', await listener.address())
    assert.equal((await listener.result()).code, 0)
    assert.equal(readFileSync(path, 'utf8'), '')
  })
})
