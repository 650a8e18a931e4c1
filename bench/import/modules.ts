// Prints as JSON what the library loads: modules.js [ADDRESS], an address to listen on after the import
import { Session } from 'node:inspector'
import { builtinModules } from 'node:module'

/** Public modules of Node that are loaded. */
function builtins(): string[] {
  const { moduleLoadList } = process as unknown as { moduleLoadList: string[] }
  return moduleLoadList
    .map(name => name.replace('NativeModule ', ''))
    .filter(name => builtinModules.includes(name) && !name.startsWith('_'))
    .map(name => `node:${name}`)
}

const before = new Set(builtins())
const files: string[] = []
const session = new Session()
session.connect()
session.on('Debugger.scriptParsed', ({ params: { url } }) => files.push(url))
session.post('Debugger.enable')
files.length = 0 // what was parsed until now

const { listen } = await import('connect-ts')
const address = process.argv[2]
if (address !== undefined) await (await listen(address)).close()
console.log(JSON.stringify({ files, builtins: builtins().filter(name => !before.has(name)) }))
