import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Case, Contender } from '../case.ts'
import { root } from '../root.ts'

/** What a process has loaded. */
interface Loaded {
  /** Of the library, below its folder, without `.js`. */
  readonly files: readonly string[]
  /** Modules of Node. */
  readonly builtins: readonly string[]
}

const probe = fileURLToPath(new URL('../import/modules.js', import.meta.url))
const library = new URL('dist/', root).href

const none = contender('import alone')
const tcp = contender('import, then listen on TCP', 'tcp')

export const modulesLoaded: Case = {
  name: 'modules that an import loads',
  about: 'A transport is loaded when its scheme is first used.',
  contenders: [none, tcp],
  columns: ['files', 'strays'],
  compared: [],
  goals: [none, tcp].map(({ name }) => ({ of: name, figure: 'strays', atMost: 0 })),
  rounds: { full: 1, quick: 1 },
  remark: async () => {
    const [alone, used] = await Promise.all([loaded(), loaded('tcp')])
    return `${list('import', alone)}; ${list('TCP adds', without(used, alone))}`
  },
}

/** @param used the scheme that is used after the import, if any */
function contender(name: string, used?: string): Contender {
  return {
    name,
    run: async () => {
      const { files } = await loaded(used)
      return { files: files.length, strays: files.filter(file => isStray(file, used)).length }
    },
  }
}

async function loaded(used?: string): Promise<Loaded> {
  const args = used === undefined ? [] : [`${used}://127.0.0.1:0`]
  const { stdout } = await promisify(execFile)(process.execPath, [probe, ...args])
  const { files, builtins } = JSON.parse(stdout) as Loaded
  return {
    files: files
      .filter(url => url.startsWith(library))
      .map(url => url.slice(library.length).replace(/\.js$/, '')),
    builtins,
  }
}

/** Whether a file belongs to a transport that is not used. */
function isStray(file: string, used: string | undefined): boolean {
  const transport = /^chunks\/(tcp|tls|unix|memory|sctp|dtls-sctp)-/.exec(file)
  return transport !== null && transport[1] !== used
}

function without(all: Loaded, others: Loaded): Loaded {
  return {
    files: all.files.filter(file => !others.files.includes(file)),
    builtins: all.builtins.filter(name => !others.builtins.includes(name)),
  }
}

function list(title: string, { files, builtins }: Loaded): string {
  return `${title}: ${[...files, ...builtins].join(', ')}`
}
