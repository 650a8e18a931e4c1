import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { ConnectError, type ConnectErrorCode } from '../src/errors.ts'
import {
  resolveConnectOptions,
  resolveListenOptions,
  resolveTlsIdentity,
  type TlsListenOptions,
} from '../src/options.ts'

const MAX_TIMER = 2 ** 31 - 1
const MAX_SAFE = Number.MAX_SAFE_INTEGER

/** What an option takes; `rejects` are values of the right type that lie outside. */
interface Kind {
  readonly accepts: readonly unknown[]
  readonly rejects: readonly unknown[]
}

interface Row extends Kind {
  readonly name: string
  readonly byDefault: unknown
}

const whole = (least: number, most: number): Kind => ({
  accepts: [least, least + 1, most - 1, most],
  rejects: [
    least - 1,
    most + 1,
    least + 0.5,
    Number.NaN,
    Infinity,
    -Infinity,
    String(least),
    BigInt(least),
    true,
  ],
})
const boolean: Kind = { accepts: [true, false], rejects: [0, 1, 'true', 'false'] }
const duration = whole(1, MAX_TIMER)
const durationOrNone = whole(0, MAX_TIMER)
const aFunction: Kind = { accepts: [() => {}, async () => {}], rejects: [true, 1, 'f'] }
/** A signal as another realm has them: no instance of this realm's class. */
const foreignSignal: unknown = runInNewContext(`({
  aborted: false,
  reason: undefined,
  addEventListener() {},
  removeEventListener() {},
})`)
const aSignal: Kind = {
  accepts: [new AbortController().signal, AbortSignal.abort(), foreignSignal],
  rejects: [new AbortController(), true, new EventTarget(), { aborted: false }],
}
const text: Kind = { accepts: ['a', 'localhost'], rejects: [1, true, new Uint8Array(1)] }
const PEM = '-----BEGIN CERTIFICATE-----\n'
const foreignPem: unknown = runInNewContext(`Uint8Array.from([${[...Buffer.from(PEM)]}])`)
const pem: Kind = {
  accepts: [
    PEM,
    new TextEncoder().encode(PEM),
    Buffer.from(PEM),
    [PEM],
    [PEM, Buffer.from(PEM)],
    foreignPem,
    [foreignPem],
  ],
  rejects: [
    '',
    './ca.pem',
    new Uint8Array(9),
    [],
    [''],
    [PEM, './ca.pem'],
    [PEM, 5],
    5,
    true,
    new ArrayBuffer(3),
  ],
}

const connectionRows: Row[] = [
  { name: 'maxMessageBytes', byDefault: 100_000_000, ...whole(1, 100_000_000) },
  { name: 'sendQueueBytes', byDefault: 1_048_576, ...whole(1, MAX_SAFE) },
  { name: 'receiveQueueBytes', byDefault: 1_048_576, ...whole(1, MAX_SAFE) },
  { name: 'frameTimeoutMs', byDefault: 120_000, ...durationOrNone },
  { name: 'idleTimeoutMs', byDefault: 0, ...durationOrNone },
  { name: 'closeTimeoutMs', byDefault: 10_000, ...duration },
  { name: 'allowHalfOpen', byDefault: false, ...boolean },
  { name: 'keepAlive', byDefault: true, ...boolean },
  // Linux takes no more than 32,767 s.
  { name: 'keepAliveDelayMs', byDefault: 30_000, ...whole(0, 32_767_000) },
  { name: 'noDelay', byDefault: true, ...boolean },
  { name: 'handshakeTimeoutMs', byDefault: 10_000, ...duration },
]

const tlsObject: Kind = { accepts: [], rejects: [5, true, 'pem', () => {}] }

const sessionObject: Kind = { accepts: [], rejects: [5, 0, '', null, 'yes', () => {}] }

const connectRows: Row[] = [
  ...connectionRows,
  { name: 'connectTimeoutMs', byDefault: 10_000, ...duration },
  { name: 'tls', byDefault: undefined, ...tlsObject },
  { name: 'session', byDefault: undefined, ...sessionObject },
  { name: 'signal', byDefault: undefined, ...aSignal },
]

const listenRows: Row[] = [
  ...connectionRows,
  { name: 'maxConnections', byDefault: 10_000, ...whole(1, MAX_SAFE) },
  { name: 'maxConnectionsPerAddress', byDefault: 0, ...whole(0, MAX_SAFE) },
  { name: 'backlog', byDefault: 511, ...whole(1, 65_535) },
  { name: 'socketMode', byDefault: undefined, ...whole(0, 0o777) },
  { name: 'tls', byDefault: undefined, ...tlsObject },
  { name: 'session', byDefault: undefined, ...sessionObject },
  { name: 'onRejected', byDefault: undefined, ...aFunction },
  { name: 'signal', byDefault: undefined, ...aSignal },
]

const tlsRows: Row[] = [
  { name: 'ca', byDefault: undefined, ...pem },
  { name: 'cert', byDefault: undefined, ...pem },
  { name: 'key', byDefault: undefined, ...pem },
  { name: 'passphrase', byDefault: undefined, ...text },
  {
    name: 'alpnProtocols',
    byDefault: undefined,
    accepts: [[], ['h2'], ['a', 'b'.repeat(255)]],
    rejects: ['h2', [''], ['b'.repeat(256)], [5], { 0: 'h2', length: 1 }],
  },
  {
    name: 'minVersion',
    byDefault: undefined,
    accepts: ['TLSv1.2', 'TLSv1.3'],
    rejects: ['TLSv1', 'TLSv1.1', 'SSLv3', 'tlsv1.2', '', 1.2],
  },
  { name: 'requireCloseNotify', byDefault: undefined, ...boolean },
]

const pair = { cert: PEM, key: PEM }

type Resolve = (options: Record<string, unknown>) => Record<string, unknown>
const connectWith = resolveConnectOptions as unknown as Resolve
const listenWith = resolveListenOptions as unknown as Resolve

/** What no option takes. */
const nonsense = [null, Symbol('s'), Object.create(null), { toString: null }, []]

function invalid(name: string): (error: unknown) => true {
  return error => {
    assert.ok(error instanceof ConnectError, `a ConnectError, not ${inspect(error)}`)
    assert.equal(error.code, 'INVALID_OPTION' satisfies ConnectErrorCode)
    assert.ok(error.message.startsWith(`option ${name} `), `'${error.message}' names ${name}`)
    return true
  }
}

function itResolves(resolve: Resolve, rows: readonly Row[]): void {
  it('has a default for every option, and no option besides', () => {
    assert.deepEqual(resolve({}), Object.fromEntries(rows.map(({ name, byDefault }) => [name, byDefault])))
  })

  for (const { name, byDefault, accepts, rejects } of rows) {
    it(`${name}: takes its default for undefined`, () => {
      assert.equal(resolve({ [name]: undefined })[name], byDefault)
    })
    it(`${name}: accepts ${accepts.length} good values and changes nothing else`, () => {
      for (const value of accepts)
        assert.deepEqual(resolve({ [name]: value }), { ...resolve({}), [name]: value })
    })
    const refused = [
      ...rejects,
      ...nonsense.filter(each => !(['tls', 'session'].includes(name) && isObject(each))),
    ]
    it(`${name}: refuses ${refused.length} bad values, naming itself`, () => {
      for (const value of refused) {
        assert.throws(() => resolve({ [name]: value }), invalid(name), inspect(value))
      }
    })
  }

  it('refuses an option that it does not know, naming it', () => {
    for (const name of ['maxMessagebytes', 'timeout', 'toString', 'constructor', '', '0']) {
      assert.throws(() => resolve({ [name]: 1 }), invalid(name))
    }
    assert.throws(() => resolve(JSON.parse('{ "__proto__": 1 }')), invalid('__proto__'))
  })

  it('takes an unknown option that is undefined as not given', () => {
    assert.deepEqual(resolve({ nothing: undefined }), resolve({}))
  })

  it('refuses options that are no object', () => {
    for (const options of [null, 5, 'tcp', true, Symbol('s')]) {
      assert.throws(() => resolve(options as unknown as Record<string, unknown>), {
        code: 'INVALID_OPTION',
        message: /^options must be an object; it is /,
      })
    }
  })

  it('gives settings or INVALID_OPTION, whatever it gets', () => {
    const name = fc.oneof(fc.constantFrom(...rows.map(row => row.name)), fc.string())
    const tls = fc.dictionary(
      fc.constantFrom(...tlsRows.map(row => row.name), 'serverName', 'x'),
      fc.anything(),
    )
    const value = fc.oneof(
      fc.anything({ withNullPrototype: true, withBigInt: true, withTypedArray: true }),
      tls,
    )
    fc.assert(
      fc.property(fc.dictionary(name, value), options => {
        try {
          resolve(options)
        } catch (error) {
          assert.ok(error instanceof ConnectError, inspect(error))
          assert.equal(error.code, 'INVALID_OPTION')
          assert.match(error.message, /^option /)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('leaves the options of the caller alone', () => {
    const options = Object.freeze({ sendQueueBytes: 5, tls: Object.freeze({ ...pair }) })
    const settings = resolve(options)
    assert.equal(settings['sendQueueBytes'], 5)
    assert.deepEqual(settings['tls'], pair)
  })
}

describe('the options of connect', () => itResolves(connectWith, connectRows))

describe('the options of listen', () => itResolves(listenWith, listenRows))

const tlsOfConnect: Row[] = [...tlsRows, { name: 'serverName', byDefault: undefined, ...text }]

for (const [what, resolve, rows] of [
  ['connect', connectWith, tlsOfConnect],
  ['listen', listenWith, tlsRows],
] as const) {
  describe(`the tls options of ${what}`, () => {
    for (const { name, accepts, rejects } of rows) {
      it(`${name}: accepts ${accepts.length} good values`, () => {
        for (const value of accepts) {
          const tls = { ...pair, [name]: value }
          assert.deepEqual(resolve({ tls })['tls'], tls)
        }
      })
      const refused = [
        ...rejects,
        ...nonsense.filter(each => !(name === 'alpnProtocols' && Array.isArray(each))),
      ]
      it(`${name}: refuses ${refused.length} bad values, naming itself`, () => {
        for (const value of refused) {
          assert.throws(
            () => resolve({ tls: { ...pair, [name]: value } }),
            invalid(`tls.${name}`),
            inspect(value),
          )
        }
      })
    }

    it('refuse a name that they do not know', () => {
      assert.throws(
        () => resolve({ tls: { ...pair, rejectUnauthorized: false } }),
        invalid('tls.rejectUnauthorized'),
      )
      assert.throws(() => resolve({ tls: { ...pair, servername: 'x' } }), invalid('tls.servername'))
    })

    it('never show a passphrase', () => {
      assert.throws(
        () => resolve({ tls: { ...pair, passphrase: 271_828 } }),
        error => !inspect(error).includes('271828'),
      )
    })

    it('refuse a certificate without its key, and a key without its certificate', () => {
      assert.throws(() => resolve({ tls: { cert: PEM } }), invalid('tls.key'))
      assert.throws(() => resolve({ tls: { key: PEM } }), invalid('tls.cert'))
      assert.throws(() => resolve({ tls: { cert: undefined, key: PEM } }), invalid('tls.cert'))
    })
  })
}

describe('the tls options of connect alone', () => {
  it('may be empty, or without a certificate', () => {
    assert.deepEqual(connectWith({ tls: {} })['tls'], {})
    assert.deepEqual(connectWith({ tls: { ca: PEM } })['tls'], { ca: PEM })
  })
})

describe('the tls options of listen alone', () => {
  it('need a certificate', () => {
    assert.throws(() => listenWith({ tls: {} }), invalid('tls.cert'))
    assert.throws(() => listenWith({ tls: { ca: PEM } }), invalid('tls.cert'))
  })

  it('know no server name', () => {
    assert.throws(() => listenWith({ tls: { ...pair, serverName: 'x' } }), invalid('tls.serverName'))
  })

  it('are checked the same when they are replaced', () => {
    assert.deepEqual(resolveTlsIdentity(pair), pair)
    for (const tls of [null, 5, undefined]) {
      assert.throws(() => resolveTlsIdentity(tls as unknown as TlsListenOptions), ConnectError)
    }
    assert.throws(() => resolveTlsIdentity({} as TlsListenOptions), invalid('tls.cert'))
  })
})

describe('the doc comments of src/options.ts', () => {
  const documented = ['options', 'tls-options'].flatMap(file =>
    documentedOptions(readFileSync(new URL(`../src/${file}.ts`, import.meta.url), 'utf8')),
  )

  it('stand over every option', () => {
    const names = new Set([...connectRows, ...listenRows, ...tlsOfConnect].map(row => row.name))
    assert.deepEqual([...new Set(documented.map(option => option.name))].sort(), [...names].sort())
    for (const { name, comment } of documented) {
      // The server's `cert` and `key` are the same as in the type that theirs extends.
      if (name !== 'cert' && name !== 'key') assert.notEqual(comment, '', `${name} has a comment`)
    }
  })

  for (const { name, byDefault } of [...connectRows, ...listenRows]) {
    if (byDefault === undefined) continue
    it(`give the default of ${name} as it is`, () => {
      const { comment } = documented.find(option => option.name === name)!
      assert.equal(statedDefault(comment), byDefault)
    })
  }

  it('give the range of maxMessageBytes as it is', () => {
    const { comment } = documented.find(option => option.name === 'maxMessageBytes')!
    assert.match(comment, /: 1 to 100,000,000\./)
  })

  it('say that 0 is no limit where 0 is allowed, and nowhere else', () => {
    for (const { name, accepts } of connectionRows) {
      if (!name.endsWith('TimeoutMs')) continue
      const { comment } = documented.find(option => option.name === name)!
      assert.equal(comment.includes('0: no limit'), accepts.includes(0), name)
    }
  })
})

const sessionRows: Row[] = [
  { name: 'windowBytes', byDefault: 4_194_304, ...whole(1, MAX_SAFE) },
  { name: 'windowMessages', byDefault: 65_536, ...whole(1, MAX_SAFE) },
  { name: 'silenceTimeoutMs', byDefault: 20_000, ...duration },
]

const connectSessionRows: Row[] = [
  ...sessionRows,
  { name: 'retryForMs', byDefault: undefined, ...durationOrNone },
  { name: 'retryDelayMs', byDefault: 100, ...durationOrNone },
  { name: 'retryDelayMaxMs', byDefault: 5000, ...durationOrNone },
  { name: 'beforeRetry', byDefault: undefined, ...aFunction },
]

const listenSessionRows: Row[] = [
  ...sessionRows,
  { name: 'retentionMs', byDefault: 60_000, ...durationOrNone },
  { name: 'maxSessions', byDefault: 20_000, ...whole(1, MAX_SAFE) },
  { name: 'maxDetachedSessions', byDefault: 10_000, ...whole(1, MAX_SAFE) },
  { name: 'maxDetachedBytes', byDefault: 268_435_456, ...whole(1, MAX_SAFE) },
]

for (const [what, resolve, rows] of [
  ['connect', connectWith, connectSessionRows],
  ['listen', listenWith, listenSessionRows],
] as const) {
  describe(`the session options of ${what}`, () => {
    const session = (options: unknown) => resolve({ session: options })['session']

    it('are all at their defaults for true and for an empty object', () => {
      const defaults = Object.fromEntries(rows.map(({ name, byDefault }) => [name, byDefault]))
      assert.deepEqual(session(true), defaults)
      assert.deepEqual(session({}), defaults)
    })

    for (const { name, accepts, rejects } of rows) {
      it(`${name}: take good values, refuse bad ones and name themselves`, () => {
        for (const value of accepts) {
          // The one default that follows another option.
          const half =
            name === 'maxSessions'
              ? { maxDetachedSessions: Math.max(1, Math.floor((value as number) / 2)) }
              : {}
          assert.deepEqual(session({ [name]: value }), {
            ...(session(true) as object),
            ...half,
            [name]: value,
          })
        }
        for (const value of [...rejects, ...nonsense]) {
          assert.throws(() => session({ [name]: value }), invalid(`session.${name}`), inspect(value))
        }
      })

      it(`${name}: stand in docs/options.md with their default`, () => {
        const text = readFileSync(new URL('../docs/options.md', import.meta.url), 'utf8')
        assert.ok(text.includes(`\`${name}\``), name)
      })
    }

    it('refuse a name that they do not know', () => {
      assert.throws(() => session({ window: 1 }), invalid('session.window'))
    })

    it('let more wait to be sent, unless that is set', () => {
      assert.equal(resolve({ session: true })['sendQueueBytes'], 4_194_304)
      assert.equal(resolve({ session: true, sendQueueBytes: 5 })['sendQueueBytes'], 5)
    })
  })
}

describe('the tables of docs/options.md', () => {
  const text = readFileSync(new URL('../docs/options.md', import.meta.url), 'utf8')
  const stated = [...text.matchAll(/^\| `(\w+)` \| *([^|]*?) *\|/gm)].map(
    match => [match[1]!, match[2]!] as const,
  )

  it('have each option once in its table, with its default', () => {
    const rows = [
      ...connectionRows,
      ...connectRows.slice(connectionRows.length),
      ...listenRows.slice(connectionRows.length),
    ]
    const expected = rows.map(({ name, byDefault }) => [
      name,
      byDefault === undefined ? '' : inDigits(byDefault),
    ])
    assert.deepEqual([...stated].sort(), expected.sort())
  })

  it('name every tls option', () => {
    for (const { name } of tlsOfConnect) assert.ok(text.includes(`\`${name}\``), name)
  })
})

function inDigits(value: unknown): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : String(value)
}

/** Every option that stands in an interface, with its comment in one line. */
function documentedOptions(source: string): { name: string; comment: string }[] {
  const member = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^ {2}readonly (\w+)\??: /gm
  return [...source.matchAll(member)].map(([, comment = '', name]) => ({
    name: name!,
    comment: comment.replace(/\s*\n\s*\*?\s*/g, ' ').trim(),
  }))
}

/** `Default 10,000.` and `Default 1 MiB.` as numbers, `Default true.` as a boolean. */
function statedDefault(comment: string): unknown {
  const stated = comment.match(/\bDefault ([^.]+)\.$/)?.[1]
  assert.ok(stated, `'${comment}' ends with its default`)
  if (stated === 'true' || stated === 'false') return stated === 'true'
  const [number, unit] = stated.split(' ')
  return Number(number!.replaceAll(',', '')) * (unit === 'MiB' ? 1024 * 1024 : 1)
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
