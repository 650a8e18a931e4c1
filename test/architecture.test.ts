import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join, posix } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { CompiledCopy, sourcesOfLibrary } from './support/compiled-copy.ts'

/** One `import`, `import type`, `export from`, `import()` or `import('...').Type`. */
interface Import {
  /** As it is written. */
  readonly specifier: string
  /** The file below src/ that a relative specifier means. */
  readonly target: string | undefined
  readonly dynamic: boolean
}

interface Module {
  /** Below src/, such as `frame/decoder.ts`. */
  readonly path: string
  readonly imports: readonly Import[]
  /** Every name that its code mentions. */
  readonly names: ReadonlySet<string>
  /** Whether it consists of `export ... from` alone. */
  readonly onlyReexports: boolean
  readonly hasAsyncGenerator: boolean
}

type Rule = (modules: readonly Module[]) => string[]

function readModule(path: string, source: string): Module {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true)
  const imports: Import[] = []
  const names = new Set<string>()
  const add = (node: ts.Node, dynamic: boolean): void => {
    const specifier = ts.isStringLiteralLike(node) ? node.text : '(computed)'
    const relative = specifier.startsWith('.')
    imports.push({
      specifier,
      target: relative ? posix.join(posix.dirname(path), specifier) : undefined,
      dynamic,
    })
  }
  let hasAsyncGenerator = false
  const visit = (node: ts.Node): void => {
    hasAsyncGenerator ||= isAsyncGenerator(node)
    if (ts.isIdentifier(node)) names.add(node.text)
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, false)
    if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) add(node.moduleSpecifier, false)
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, false)
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0]!, true)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  const onlyReexports = file.statements.every(
    statement => ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined,
  )
  return { path, imports, names, onlyReexports, hasAsyncGenerator }
}

function isAsyncGenerator(node: ts.Node): boolean {
  const isGenerator =
    ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node) || ts.isMethodDeclaration(node)
  const isAsync = (modifier: ts.ModifierLike): boolean => modifier.kind === ts.SyntaxKind.AsyncKeyword
  return isGenerator && node.asteriskToken !== undefined && node.modifiers?.some(isAsync) === true
}

const shared = [
  'errors.ts',
  'options.ts',
  'option-rules.ts',
  'session-options.ts',
  'tls-options.ts',
  'platform.ts',
  'inspection.ts',
]
/** SCTP but for its UDP sockets; each part may import those before it. */
const [wire, association, endpoint, stream] = ['wire/', 'association/', 'endpoint/', 'stream/'].map(
  part => `transport/sctp/${part}`,
) as [string, string, string, string]

/** DTLS: who does it, and its records; what is inside, and the sockets, may import more. */
const dtlsEngine = 'transport/dtls-sctp/engine/'
const dtlsLink = 'transport/dtls-sctp/link/'

const portable = ['frame/', 'connection/', 'session/', wire, association, endpoint, stream, ...shared]

/** What the connection may know of the transports. */
const seam = ['address', 'address-key', 'schemes', 'byte-stream', 'tls-info', 'transport'].map(
  name => `transport/${name}.ts`,
)

/** The files that each part may import, itself apart; the first line that fits a file holds for it. */
const layers: readonly (readonly [part: string, allowed: readonly string[]])[] = [
  ['errors.ts', []],
  ['platform.ts', []],
  ['inspection.ts', []],
  ['option-rules.ts', ['errors.ts']],
  ['tls-options.ts', []],
  ['session-options.ts', ['errors.ts', 'option-rules.ts', 'tls-options.ts']],
  ['options.ts', ['errors.ts', 'option-rules.ts', 'session-options.ts', 'tls-options.ts', 'frame/format.ts']],
  ['frame/', ['errors.ts', 'inspection.ts']],
  [wire, []],
  [association, ['errors.ts', wire]],
  [endpoint, ['errors.ts', wire, association]],
  [stream, ['errors.ts', 'platform.ts', 'transport/byte-stream.ts', wire, association, endpoint]],
  [dtlsEngine, ['errors.ts', 'options.ts', 'transport/cipher-suites.ts', 'transport/load-later.ts']],
  [dtlsLink, ['platform.ts', `${dtlsEngine}dtls-engine.ts`, `${dtlsEngine}record-header.ts`]],
  ['transport/', shared],
  ['connection/', [...shared, 'frame/', ...seam]],
  ['session/', [...shared, 'frame/', 'connection/', ...seam]],
  ['index.ts', [...shared, 'frame/', 'connection/', 'session/', ...seam]],
  ['cli/', ['index.ts']],
]

/** What may know of the parts of SCTP: themselves, and the transports that are made of them. */
const ofSctp = /^transport\/(sctp\/|sctp\.ts$|dtls-sctp\.ts$|dtls-sctp\/)/

/** The same for DTLS. */
const ofDtlsSctp = /^transport\/dtls-sctp(\/|\.ts$)/

/** The one package that is asked for, where it is there, and the one file that does. */
const optional = { specifier: 'koffi', path: `${dtlsEngine}load-engine.ts` }

/** What may load something later: what is not needed by all who use the library. */
const loadsLater = (path: string): boolean =>
  path === 'transport/schemes.ts' || path === optional.path || path.startsWith('cli/')

/** The transports themselves, which only the scheme table names. */
const concrete = /^transport\/(tcp|tls|unix|memory|sctp|dtls-sctp|ws|wss)\.ts$/

const isIn = (path: string, parts: readonly string[]): boolean =>
  parts.some(part => (part.endsWith('/') ? path.startsWith(part) : path === part))

/** Every import of every module that a check complains about. */
const eachImport =
  (complaint: (module: Module, given: Import) => string | undefined): Rule =>
  modules =>
    modules.flatMap(module =>
      module.imports.flatMap(given => {
        const what = complaint(module, given)
        return what === undefined ? [] : [`${module.path} imports ${given.specifier}: ${what}`]
      }),
    )

const rules = {
  'every import is a file of src or a module of Node': modules => {
    const paths = new Set(modules.map(module => module.path))
    return eachImport(({ path }, { specifier, target, dynamic }) => {
      const isOptional = specifier === optional.specifier && path === optional.path && dynamic
      if (isOptional || specifier.startsWith('node:')) return undefined
      if (target === undefined) return 'a third party'
      return paths.has(target) ? undefined : 'no file of src'
    })(modules)
  },

  'the portable layers import no module of Node': eachImport(({ path }, { specifier }) =>
    isIn(path, portable) && specifier.startsWith('node:') ? 'not portable' : undefined,
  ),

  // The seam asks for what a runtime may lack before it uses it.
  'the portable layers, but for the seam, mention nothing that is only in Node': modules =>
    modules
      .filter(({ path }) => isIn(path, portable) && path !== 'platform.ts')
      .flatMap(({ path, names }) =>
        ['Buffer', 'process', 'NodeJS', 'require']
          .filter(name => names.has(name))
          .map(name => `${path} mentions ${name}`),
      ),

  'each layer imports itself and what lies below': eachImport(({ path }, { target }) => {
    if (target === undefined) return undefined
    const [part, allowed] = layers.find(([prefix]) => isIn(path, [prefix])) ?? ['', []]
    return isIn(target, [part, ...allowed]) ? undefined : 'not below it'
  }),

  'every file belongs to a layer': modules =>
    modules
      .filter(({ path }) => !layers.some(([part]) => isIn(path, [part])))
      .map(({ path }) => `${path} is in no layer`),

  'only the scheme table names a transport, and loads it when it is used': eachImport(
    ({ path }, { target, dynamic }) => {
      if (target === undefined || !concrete.test(target)) return undefined
      if (path !== 'transport/schemes.ts') return 'a transport'
      return dynamic ? undefined : 'loaded too early'
    },
  ),

  'only SCTP knows of its parts': eachImport(({ path }, { target }) =>
    target?.startsWith('transport/sctp/') && !ofSctp.test(path) ? 'a part of SCTP' : undefined,
  ),

  'only DTLS-SCTP knows of its parts': eachImport(({ path }, { target }) =>
    target?.startsWith('transport/dtls-sctp/') && !ofDtlsSctp.test(path) ? 'a part of DTLS-SCTP' : undefined,
  ),

  'only what is not always needed is loaded later': eachImport(({ path }, { dynamic }) =>
    dynamic && !loadsLater(path) ? 'loaded later' : undefined,
  ),

  'index.ts has exports and nothing else': modules =>
    modules
      .filter(({ path, onlyReexports }) => path === 'index.ts' && !onlyReexports)
      .map(({ path }) => `${path} has code of its own`),

  // It would keep return() waiting behind a pending next(), which then takes something along.
  'what users iterate over is no async generator': modules =>
    modules
      .filter(({ path, hasAsyncGenerator }) => hasAsyncGenerator && !isIn(path, ['cli/']))
      .map(({ path }) => `${path} has an async generator`),

  'there are no cycles': modules => {
    const byPath = new Map(modules.map(module => [module.path, module]))
    const done = new Set<string>()
    const cycles: string[] = []
    const visit = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) {
        cycles.push([...way.slice(way.indexOf(path)), path].join(' -> '))
        return
      }
      if (done.has(path)) return
      for (const { target } of byPath.get(path)?.imports ?? []) {
        if (target !== undefined) visit(target, [...way, path])
      }
      done.add(path)
    }
    for (const { path } of modules) visit(path, [])
    return cycles
  },
} satisfies Record<string, Rule>

/** For each rule, small sources: that break it, each alone, and that do not. */
const examples: Record<keyof typeof rules, { bad: Record<string, string>[]; good: Record<string, string> }> =
  {
    'every import is a file of src or a module of Node': {
      bad: [
        { 'cli/main.ts': "import chalk from 'chalk'" },
        { 'transport/ws.ts': "export * from 'ws'" },
        { 'transport/ws.ts': "const ws = await import('ws')" },
        { 'transport/ws.ts': "let socket: import('ws').WebSocket" },
        { 'transport/tcp.ts': "import { connect } from 'net'" },
        { 'transport/tcp.ts': "import { x } from './missing.ts'" },
        { 'transport/tcp.ts': "import { x } from '../../test/support.ts'" },
        { 'transport/schemes.ts': 'await import(name)' },
        { 'transport/dtls-sctp/engine/load-engine.ts': "import koffi from 'koffi'" },
        { 'transport/dtls-sctp/engine/load-engine.ts': "await import('ffi-napi')" },
        { 'transport/dtls-sctp/engine/koffi-library.ts': "await import('koffi')" },
      ],
      good: {
        'errors.ts': '',
        'cli/main.ts': "import fs from 'node:fs'; import { x } from '../errors.ts'",
        'transport/dtls-sctp/engine/load-engine.ts': "await import('koffi')",
      },
    },
    'the portable layers import no module of Node': {
      bad: [
        { 'frame/decoder.ts': "import { Buffer } from 'node:buffer'" },
        { 'connection/writer.ts': "import type { Socket } from 'node:net'" },
        { 'session/driver.ts': "export { randomBytes } from 'node:crypto'" },
        { 'platform.ts': "await import('node:timers')" },
        { 'options.ts': "let x: import('node:tls').TLSSocket" },
        { 'transport/sctp/wire/crc32c.ts': "import { crc32 } from 'node:zlib'" },
        { 'transport/sctp/association/cookie.ts': "import { createHmac } from 'node:crypto'" },
        { 'transport/sctp/endpoint/endpoint.ts': "import type { Socket } from 'node:dgram'" },
        { 'transport/sctp/stream/association-timer.ts': "import { setTimeout } from 'node:timers'" },
      ],
      good: {
        'transport/tcp.ts': "import { connect } from 'node:net'",
        'transport/sctp/udp/udp-socket.ts': "import { createSocket } from 'node:dgram'",
      },
    },
    'the portable layers, but for the seam, mention nothing that is only in Node': {
      bad: [
        { 'frame/encode.ts': 'export const x = Buffer.alloc(8)' },
        { 'frame/encode.ts': 'export let x: Buffer' },
        { 'connection/writer.ts': 'globalThis.Buffer.from([])' },
        { 'errors.ts': 'process.nextTick(() => {})' },
        { 'transport/sctp/wire/packet-writer.ts': 'export const x = Buffer.alloc(8)' },
      ],
      good: {
        'frame/encode.ts': "// Buffer\nexport const x = 'Buffer'",
        'transport/tls.ts': 'export const x = Buffer.alloc(8)',
        'platform.ts': "export const x = typeof Buffer === 'function'",
      },
    },
    'each layer imports itself and what lies below': {
      bad: [
        { 'frame/decoder.ts': "import { Fifo } from '../connection/fifo.ts'" },
        { 'frame/decoder.ts': "import type { Platform } from '../platform.ts'" },
        { 'connection/writer.ts': "import { attempt } from '../transport/attempt.ts'" },
        { 'connection/writer.ts': "import type { Session } from '../session/session.ts'" },
        { 'transport/tcp.ts': "import { HEADER_BYTES } from '../frame/format.ts'" },
        { 'transport/tcp.ts': "import type { Fifo } from '../connection/fifo.ts'" },
        { 'options.ts': "import { ConnectDatagram } from './frame/datagram.ts'" },
        { 'errors.ts': "import { connect } from './index.ts'" },
        { 'cli/main.ts': "import { ConnectError } from '../errors.ts'" },
        { 'index.ts': "export { main } from './cli/main.ts'" },
        { 'transport/sctp/wire/packet.ts': "import { Path } from '../association/path.ts'" },
        { 'transport/sctp/wire/packet.ts': "import { ConnectError } from '../../../errors.ts'" },
        { 'transport/sctp/association/path.ts': "import type { Member } from '../endpoint/members.ts'" },
        { 'transport/sctp/association/path.ts': "import { systemPlatform } from '../../../platform.ts'" },
        { 'transport/sctp/endpoint/endpoint.ts': "import type { Carrier } from '../stream/x.ts'" },
        { 'transport/sctp/endpoint/endpoint.ts': "import { freePort } from '../udp/ports.ts'" },
        { 'transport/sctp/stream/association-stream.ts': "import '../udp/udp-socket.ts'" },
        { 'transport/sctp/stream/association-stream.ts': "import '../../attempt.ts'" },
        { 'transport/dtls-sctp/engine/dtls-engine.ts': "import type { x } from '../link/records.ts'" },
        { 'transport/dtls-sctp/engine/load-engine.ts': "import '../../node-errors.ts'" },
        { 'transport/dtls-sctp/link/dtls-link.ts': "import '../engine/openssl/openssl-engine.ts'" },
        { 'transport/dtls-sctp/link/dtls-link.ts': "import '../../sctp/wire/packet.ts'" },
      ],
      good: {
        'frame/decoder.ts':
          "import { HEADER_BYTES } from './format.ts'; import { ConnectError } from '../errors.ts'",
        'connection/connect.ts': "import { transportFor } from '../transport/schemes.ts'",
        'transport/tcp.ts':
          "import { ConnectError } from '../errors.ts'; import { attempt } from './attempt.ts'",
        'cli/main.ts': "import { connect } from '../index.ts'; import { x } from './x.ts'",
        'transport/sctp/association/path.ts': "import { ChunkType } from '../wire/numbers.ts'",
        'transport/sctp/endpoint/members.ts': "import type { Association } from '../association/x.ts'",
        'transport/sctp/stream/x.ts': "import type { Member } from '../endpoint/members.ts'",
        'transport/sctp/udp/x.ts':
          "import '../stream/x.ts'; import '../../../options.ts'; import '../wire/x.ts'",
        'transport/dtls-sctp/link/x.ts': "import type { x } from '../engine/dtls-engine.ts'",
        'transport/dtls-sctp/peer/x.ts': "import '../link/x.ts'; import '../../sctp/endpoint/x.ts'",
      },
    },
    'what users iterate over is no async generator': {
      bad: [
        { 'session/states.ts': 'export class X { async *states() { yield 1 } }' },
        { 'connection/reader.ts': 'export const x = { async *[Symbol.asyncIterator]() {} }' },
        { 'transport/tcp.ts': 'async function* x() {}' },
      ],
      good: {
        'connection/reader.ts': 'export class X { async next() {} } function* x() {}',
        'cli/input.ts': 'export async function* chunks() {}',
      },
    },
    'every file belongs to a layer': {
      bad: [{ 'util/strings.ts': '' }, { 'helpers.ts': '' }],
      good: { 'errors.ts': '', 'session/driver.ts': '' },
    },
    'only the scheme table names a transport, and loads it when it is used': {
      bad: [
        { 'transport/tls.ts': "import { dial } from './tcp.ts'" },
        { 'transport/tcp.ts': "import type { x } from './memory.ts'" },
        { 'connection/connect.ts': "import { dial } from '../transport/unix.ts'" },
        { 'transport/schemes.ts': "import * as tcp from './tcp.ts'" },
        { 'transport/schemes.ts': "export * from './sctp.ts'" },
        { 'connection/connect.ts': "await import('../transport/tls.ts')" },
      ],
      good: { 'transport/schemes.ts': "import('./tcp.ts')", 'transport/tcp.ts': "import './socket-dial.ts'" },
    },
    'only SCTP knows of its parts': {
      bad: [
        { 'transport/tcp.ts': "import { crc32c } from './sctp/wire/crc32c.ts'" },
        { 'transport/attempt.ts': "import type { x } from './sctp/udp/x.ts'" },
        { 'transport/schemes.ts': "import('./sctp/udp/sctp-dial.ts')" },
      ],
      good: {
        'transport/sctp.ts': "import { SctpDial } from './sctp/udp/sctp-dial.ts'",
        'transport/dtls-sctp.ts': "import type { Association } from './sctp/association/association.ts'",
        'transport/sctp/udp/x.ts': "import '../wire/x.ts'",
      },
    },
    'only DTLS-SCTP knows of its parts': {
      bad: [
        { 'transport/sctp/udp/x.ts': "import '../../dtls-sctp/link/records.ts'" },
        { 'transport/tls.ts': "import type { x } from './dtls-sctp/engine/dtls-engine.ts'" },
      ],
      good: {
        'transport/dtls-sctp.ts': "import './dtls-sctp/udp/x.ts'",
        'transport/dtls-sctp/udp/x.ts': "import '../peer/x.ts'",
      },
    },
    'only what is not always needed is loaded later': {
      bad: [
        { 'connection/connect.ts': "await import('./listen.ts')" },
        { 'transport/dtls-sctp/udp/x.ts': "await import('../peer/x.ts')" },
      ],
      good: { 'cli/main.ts': "await import('./send.ts')" },
    },
    'index.ts has exports and nothing else': {
      bad: [
        { 'index.ts': "import './errors.ts'" },
        { 'index.ts': 'export const x = 1' },
        { 'index.ts': "export * from './errors.ts'; console.log(1)" },
      ],
      good: { 'index.ts': "export { x } from './errors.ts'; export type { Y } from './options.ts'" },
    },
    'there are no cycles': {
      bad: [
        { 'a.ts': "import './a.ts'" },
        {
          'a.ts': "import './b.ts'",
          'b.ts': "export * from './c.ts'",
          'c.ts': "import type { x } from './a.ts'",
        },
        { 'a.ts': "import './b.ts'", 'b.ts': "import('./a.ts')" },
      ],
      good: {
        'a.ts': "import './b.ts'; import './c.ts'",
        'b.ts': "import './d.ts'",
        'c.ts': "import './d.ts'",
        'd.ts': '',
      },
    },
  }

function modulesOf(sources: Iterable<readonly [string, string]>): Module[] {
  return [...sources].map(([path, source]) => readModule(path, source))
}

describe('the imports of src', () => {
  const modules = modulesOf(sourcesOfLibrary())

  it('are found', () => {
    assert.ok(modules.length > 30)
    const schemes = modules.find(({ path }) => path === 'transport/schemes.ts')!
    assert.ok(schemes.imports.some(({ target, dynamic }) => dynamic && target === 'transport/tcp.ts'))
    assert.ok(schemes.imports.some(({ target, dynamic }) => !dynamic && target === 'transport/address.ts'))
  })

  it('name with their ending what the scheme table loads', () => {
    const schemes = modules.find(({ path }) => path === 'transport/schemes.ts')!
    for (const { target, dynamic } of schemes.imports) if (dynamic) assert.match(target!, concrete)
  })

  for (const [name, rule] of Object.entries(rules)) {
    it(`hold the rule: ${name}`, () => {
      assert.deepEqual(rule(modules), [])
    })
  }
})

describe('each rule', () => {
  for (const [name, { bad, good }] of Object.entries(examples)) {
    const rule = rules[name as keyof typeof rules]
    it(`can fail: ${name}`, () => {
      for (const sources of bad) {
        const broken = rule(modulesOf(Object.entries(sources)))
        assert.equal(
          broken.length,
          1,
          `${JSON.stringify(sources)} breaks it once, not ${JSON.stringify(broken)}`,
        )
      }
    })
    it(`can hold: ${name}`, () => {
      assert.deepEqual(rule(modulesOf(Object.entries(good))), [])
    })
  }
})

describe('importing the library', () => {
  let copy: CompiledCopy

  before(() => {
    copy = new CompiledCopy()
  })

  after(() => copy.remove())

  /** The modules of Node that a piece of code loads, run without tsx, which loads many itself. */
  function loadedBy(code: string): string[] {
    const index = JSON.stringify(pathToFileURL(join(copy.folder, 'index.js')).href)
    const main = copy.write(
      'main.mjs',
      `import { writeSync } from 'node:fs'
      const before = new Set(process.moduleLoadList)
      const library = await import(${index})
      ${code}
      const loaded = process.moduleLoadList.filter(name => !before.has(name))
      writeSync(1, JSON.stringify(loaded))`,
    )
    const loaded = JSON.parse(execFileSync(process.execPath, [main], { encoding: 'utf8' })) as string[]
    return loaded.filter(name =>
      /^NativeModule (net|tls|https?|dns|dgram|crypto|fs\/promises|readline)$/.test(name),
    )
  }

  it('loads no transport and no module of Node that one needs', () => {
    assert.deepEqual(loadedBy(''), [])
  })

  it('loads none for memory: either', () => {
    const loaded = loadedBy(`const listener = await library.listen('memory://here')
      const connection = await library.connect('memory://here')
      connection.abort()
      await listener.close()`)
    assert.deepEqual(loaded, [])
  })

  it('loads what is needed when it is needed', () => {
    const tcp = loadedBy(`await (await library.listen('tcp://127.0.0.1:0')).close()`)
    assert.ok(tcp.includes('NativeModule net'))
    assert.ok(!tcp.includes('NativeModule tls'))
    const sctp = loadedBy(`await (await library.listen('sctp://127.0.0.1:0?udp=0')).close()`)
    assert.ok(sctp.includes('NativeModule dgram'))
    assert.ok(!sctp.includes('NativeModule tls'))
    const tls = loadedBy(`await library.connect('tls://127.0.0.1:1').catch(() => {})`)
    assert.ok(tls.includes('NativeModule tls'))
  })
})
