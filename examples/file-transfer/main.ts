// Carries a file from one process to another and back, over TCP and then over TLS, and checks it at both ends:
//
//   npm start
//   npm start -- PATH
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exitCode, firstMessage, start, stopAll } from './processes.ts'

const DEFAULT_FILE = fileURLToPath(new URL('sample.txt', import.meta.url))

let interrupted: number | undefined
for (const [signal, code] of [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    interrupted = code
    stopAll()
  })
}

const path = pathOf(process.argv[2])
try {
  await checkFile(path)
} catch (error) {
  console.error((error as Error).message)
  process.exit(2)
}

try {
  const code = await run(path)
  process.exitCode = interrupted ?? code
} catch (error) {
  if (interrupted === undefined) console.error((error as Error).message)
  process.exitCode = interrupted ?? 1
} finally {
  stopAll()
}

/** The shorter of its two forms. */
function describePath(path: string): string {
  const fromHere = relative('.', path)
  return fromHere.length < path.length ? fromHere : path
}

/** npm runs its scripts in the project's folder, and says in INIT_CWD where the user is. */
function pathOf(argument: string | undefined): string {
  const { INIT_CWD = '.' } = process.env
  return argument === undefined ? DEFAULT_FILE : resolve(INIT_CWD, argument)
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch(cause => {
    throw new Error(`cannot read ${path}: ${(cause as Error).message}`, { cause })
  })
  if (!found.isFile()) throw new Error(`cannot send ${path}: it is not a file`)
  await access(path, constants.R_OK)
}

/** @returns the exit code */
async function run(path: string): Promise<number> {
  console.log(`${describePath(path)}, in datagrams of 64 KiB`)
  const server = start('server.ts', ['tcp://127.0.0.1:0', 'tls://127.0.0.1:0'], 'ignore')
  const addresses = (await firstMessage(server, 'server')) as string[]
  const client = start('client.ts', [path, ...addresses], 'inherit')
  const code = await exitCode(client)
  server.kill()
  if (code < 128) return code
  console.error(`the client was ended by signal ${code - 128}`)
  return 1
}
