import { lstat, readFile, realpath, rename } from 'node:fs/promises'
import { connect } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from './node-errors.ts'
import { giveName, inPrivateFolder } from './unix-folder.ts'

/** Linux lists every bound socket of a network namespace here, with the path that it was bound to. */
const BOUND_SOCKETS = '/proc/net/unix'

/** A line of it about a socket that is not connected: bound, or listening as well. */
const UNCONNECTED = /^\S+: \S+ \S+ \S+ \S+ 01 +\d+ (.+)$/gm

/** How old a file must be where the system lists no sockets. A program listens as soon as it has bound. */
const SETTLED_MS = 2000

/**
 * Removes the file of a listener that is dead; says whether it did. The file is moved aside first and asked again
 * there, so that of several that find it stale only one removes it, and none removes a live one that came between.
 */
export async function removeStale(path: string): Promise<boolean> {
  try {
    if (!(await lstat(path)).isSocket() || (await hasOwner(path, path))) return false
    return await inPrivateFolder(path, async aside => {
      await rename(path, aside)
      const live = await hasOwner(path, aside)
      if (live) await giveName(aside, path)
      return !live
    })
  } catch {
    return false
  }
}

/**
 * Whether a socket belongs to a file. Connecting does not tell a dead file from a socket that is bound and does not
 * listen yet: both refuse.
 *
 * @param path what the socket was bound to
 * @param file where it is now
 */
async function hasOwner(path: string, file: string): Promise<boolean> {
  const listed = await readFile(BOUND_SOCKETS, 'utf8').catch(() => undefined)
  if (listed === undefined) await settled(file)
  else if (await isListed(path, listed)) return true
  return answers(file)
}

/** A relative path may mean any folder: there, the name decides. */
async function isListed(path: string, listed: string): Promise<boolean> {
  const resolved = await resolve(path)
  for (const [, bound] of listed.matchAll(UNCONNECTED)) {
    if (basename(bound!) !== basename(path)) continue
    if (!bound!.startsWith('/') || bound === path || (await resolve(bound!)) === resolved) return true
  }
  return false
}

/** The path without symbolic links on the way. */
async function resolve(path: string): Promise<string> {
  const folder = dirname(path)
  return join(await realpath(folder).catch(() => folder), basename(path))
}

async function settled(file: string): Promise<void> {
  const ageMs = Date.now() - (await lstat(file)).mtimeMs
  if (ageMs < SETTLED_MS) await sleep(Math.min(SETTLED_MS, SETTLED_MS - ageMs))
}

/** Whether someone listens. Anything but a refusal counts as yes. */
function answers(file: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = connect({ path: file })
    probe.on('error', error => resolve(codeOf(error) !== 'ECONNREFUSED'))
    probe.on('connect', () => {
      probe.destroy()
      resolve(true)
    })
  })
}
