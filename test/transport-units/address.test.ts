import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { ConnectError } from '../../src/errors.ts'
import { type Address, formatAddress, hostAndPort, parseAddress } from '../../src/transport/address.ts'
import { coded } from '../frame/support.ts'

const parsed: [text: string, parts: Omit<Address, 'text' | 'query'>][] = [
  ['tcp://localhost:5678', { scheme: 'tcp:', host: 'localhost', port: 5678, path: '' }],
  ['localhost:5678', { scheme: 'tcp:', host: 'localhost', port: 5678, path: '' }],
  ['127.0.0.1:0', { scheme: 'tcp:', host: '127.0.0.1', port: 0, path: '' }],
  ['[::1]:5678', { scheme: 'tcp:', host: '::1', port: 5678, path: '' }],
  ['tcp://[::1]:5678', { scheme: 'tcp:', host: '::1', port: 5678, path: '' }],
  ['tcp://[::]:0', { scheme: 'tcp:', host: '::', port: 0, path: '' }],
  ['tcp://[2001:DB8:0:0:0:0:0:1]:65535', { scheme: 'tcp:', host: '2001:db8::1', port: 65_535, path: '' }],
  ['tcp://0.0.0.0:0/', { scheme: 'tcp:', host: '0.0.0.0', port: 0, path: '/' }],
  ['TLS://example.com:443', { scheme: 'tls:', host: 'example.com', port: 443, path: '' }],
  ['dtls-sctp://host:1', { scheme: 'dtls-sctp:', host: 'host', port: 1, path: '' }],
  ['tcp://localhost', { scheme: 'tcp:', host: 'localhost', port: undefined, path: '' }],
  ['tcp://localhost:', { scheme: 'tcp:', host: 'localhost', port: undefined, path: '' }],
  ['localhost', { scheme: 'tcp:', host: 'localhost', port: undefined, path: '' }],
  ['tcp://', { scheme: 'tcp:', host: '', port: undefined, path: '' }],
  ['', { scheme: 'tcp:', host: '', port: undefined, path: '' }],
  ['unix:///tmp/my.sock', { scheme: 'unix:', host: '', port: undefined, path: '/tmp/my.sock' }],
  ['unix:///tmp/a%20b%2525.sock', { scheme: 'unix:', host: '', port: undefined, path: '/tmp/a b%25.sock' }],
  ['unix:///tmp/a b.sock', { scheme: 'unix:', host: '', port: undefined, path: '/tmp/a b.sock' }],
  ['unix:///tmp/%3F%23', { scheme: 'unix:', host: '', port: undefined, path: '/tmp/?#' }],
  ['unix:///tmp/%C3%BC', { scheme: 'unix:', host: '', port: undefined, path: '/tmp/ü' }],
  ['unix://tmp/my.sock', { scheme: 'unix:', host: 'tmp', port: undefined, path: '/my.sock' }],
  ['memory://name', { scheme: 'memory:', host: 'name', port: undefined, path: '' }],
]

describe('parseAddress', () => {
  for (const [text, parts] of parsed) {
    it(`reads '${text}'`, () => {
      assert.deepEqual(parseAddress(text), { ...parts, query: '', text })
    })
  }

  it('reads a URL object', () => {
    for (const text of ['tcp://localhost:5678', 'tls://[::1]:0', 'unix:///tmp/a%20b', 'memory://name']) {
      assert.deepEqual(parseAddress(new URL(text)), parseAddress(text))
    }
  })

  const junk = [
    'tcp://host:65536',
    'tcp://host:-1',
    'tcp://host:port',
    'tcp://:5678',
    'tcp://a b:1',
    'tcp://[::1:5678',
    'tcp://[::g]:1',
    'tcp://::1:5678',
    '::1:5678',
    'tcp:localhost:5678',
    ' tcp://localhost:1',
    'unix:///tmp/%zz',
    'unix:///tmp/%ff',
  ]
  for (const text of junk) {
    it(`refuses '${text}', quoting it`, () => {
      assert.throws(
        () => parseAddress(text),
        error => coded('INVALID_ADDRESS')(error) && (error as Error).message.includes(`'${text}'`),
      )
    })
  }

  for (const text of ['tcp://user@host:1', 'tcp://user:secret@host:1', 'tcp://:secret@host:1']) {
    it(`refuses user names and passwords: '${text}'`, () => {
      assert.throws(() => parseAddress(text), coded('INVALID_ADDRESS', /user/))
    })
  }

  for (const password of [
    'secret',
    'se/cret',
    'se?cret',
    'se#cret',
    'se@cret',
    'se cret',
    'se%zzcret',
    'secret:1',
  ]) {
    for (const text of [
      `tcp://user:${password}@host:1`,
      `user:${password}@host:1`,
      `tcp:///user:${password}@host:1`,
    ]) {
      it(`refuses '${text}' without a word of its password, in a cause or elsewhere`, () => {
        try {
          hostAndPort(parseAddress(text))
          assert.fail('it was taken')
        } catch (error) {
          assert.ok(coded('INVALID_ADDRESS', /\*\*\*@host/)(error))
          assert.doesNotMatch(
            inspect(error, { depth: 9, showHidden: true }).replace(/\n {4}at .*/g, ''),
            /user:|cret/,
          )
        }
      })
    }
  }

  it('quotes the whole path of a Unix socket', () => {
    assert.throws(
      () => parseAddress('unix:///tmp/a@b?c'),
      coded('INVALID_ADDRESS', /'unix:\/\/\/tmp\/a@b\?c'/),
    )
  })

  for (const text of ['tcp://host:1?a=b', 'tcp://host:1#top', 'unix:///tmp/a?b', 'unix:///tmp/a#b']) {
    it(`refuses ? and #: '${text}'`, () => {
      assert.throws(() => parseAddress(text), coded('INVALID_ADDRESS', /\?|#/))
    })
  }

  it('refuses what is neither a string nor a URL', () => {
    for (const address of [undefined, null, 5678, {}, { href: 'tcp://host:1' }, Object.create(null)]) {
      assert.throws(() => parseAddress(address as string), coded('INVALID_ADDRESS', /string or a URL/))
    }
  })

  it('gives an address or INVALID_ADDRESS, whatever the text', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.constantFrom(
          'tcp:',
          'tls:',
          'unix:',
          '//',
          '/',
          ':',
          '[',
          ']',
          '::1',
          '%',
          '%41',
          '%zz',
          '%00',
          '@',
          '?',
          '#',
        ),
        fc.constantFrom(
          'localhost',
          '127.0.0.1',
          '5678',
          '65536',
          '..',
          '\\',
          '\u0000',
          '\uD800',
          'ü',
          '\n',
          ' ',
        ),
        fc.string({ maxLength: 4 }),
      ),
      { maxLength: 9 },
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      pieces.map(parts => parts.join('')),
      pieces.map(parts => `tcp://${parts.join('')}:1`),
      fc.webUrl(),
    )
    fc.assert(
      fc.property(text, given => {
        onlyInvalidAddress(() => {
          const address = parseAddress(given)
          assert.equal(address.text, given)
          assert.match(address.scheme, /^[a-z][a-z0-9+.-]*:$/)
          assert.ok(address.port === undefined || (address.port >= 0 && address.port <= 65_535))
          hostAndPort(address)
        })
      }),
      { numRuns: 1500 },
    )
  })
})

describe('hostAndPort', () => {
  const at = (text: string): { host: string; port: number } => hostAndPort(parseAddress(text))

  it('gives both, a slash at the end or not', () => {
    assert.deepEqual(at('tcp://localhost:5678'), { host: 'localhost', port: 5678 })
    assert.deepEqual(at('tcp://[::1]:0/'), { host: '::1', port: 0 })
  })

  it('decodes the host, and converts it to its ASCII form', () => {
    assert.deepEqual(at('tcp://bücher.example:1'), { host: 'xn--bcher-kva.example', port: 1 })
    assert.deepEqual(at('tcp://b%C3%BCcher.example:1'), { host: 'xn--bcher-kva.example', port: 1 })
    assert.deepEqual(at('tcp://%6cocalhost:1'), { host: 'localhost', port: 1 })
  })

  it('refuses a host with a malformed % escape', () => {
    for (const host of ['a%zzb', '%', 'a%ff', '%e0%a4']) {
      assert.throws(() => at(`tcp://${host}:1`), coded('INVALID_ADDRESS'), host)
    }
  })

  it('says which part is missing', () => {
    assert.throws(() => at(''), coded('INVALID_ADDRESS', /host is missing/))
    assert.throws(() => at('tcp://'), coded('INVALID_ADDRESS', /host is missing/))
    assert.throws(() => at('tcp://localhost'), coded('INVALID_ADDRESS', /port is missing/))
    assert.throws(() => at('localhost'), coded('INVALID_ADDRESS', /port is missing/))
  })

  it('refuses a path', () => {
    assert.throws(() => at('tcp://localhost:1/path'), coded('INVALID_ADDRESS', /path/))
  })
})

describe('formatAddress', () => {
  it('puts an IPv6 host in brackets and no other', () => {
    assert.equal(formatAddress('tcp:', '127.0.0.1', 80), 'tcp://127.0.0.1:80')
    assert.equal(formatAddress('tls:', 'localhost', 0), 'tls://localhost:0')
    assert.equal(formatAddress('tcp:', '::1', 5678), 'tcp://[::1]:5678')
  })

  it('is read back by parseAddress', () => {
    const host = fc.oneof(fc.ipV4(), fc.domain(), fc.ipV6())
    fc.assert(
      fc.property(fc.constantFrom('tcp:', 'tls:'), host, fc.nat(65_535), (scheme, name, port) => {
        const address = parseAddress(formatAddress(scheme, name, port))
        assert.equal(address.scheme, scheme)
        assert.equal(hostAndPort(address).port, port)
        if (!name.includes(':')) assert.equal(hostAndPort(address).host, name)
      }),
    )
  })
})

function onlyInvalidAddress(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error
    assert.equal(error.code, 'INVALID_ADDRESS')
  }
}
