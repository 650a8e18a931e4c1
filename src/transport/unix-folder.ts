import { randomBytes } from 'node:crypto'
import { link, lstat, mkdir, rename, rmdir, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf } from './node-errors.ts'

/** What a `sockaddr_un` has room for. A longer path would be cut without a word. */
export const LONGEST_PATH_BYTES = process.platform === 'linux' ? 107 : 103

/** Names are short where the path leaves little room, and may then be taken. */
const MOST_TRIES = 100

/** Errors of `link` on a file system that has no hard links, or none to sockets. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/**
 * Calls `use` with a path that only this user can reach, in a folder of its own beside `path`. What is there
 * afterwards is removed.
 */
export async function inPrivateFolder<T>(path: string, use: (inside: string) => Promise<T>): Promise<T> {
  const folder = await makeFolder(dirname(path))
  const inside = join(folder, nameInside(folder, basename(path)))
  try {
    return await use(inside)
  } finally {
    await unlink(inside).catch(ignore)
    await rmdir(folder).catch(ignore)
  }
}

/** Gives a file of a private folder another name; says whether that was free. */
export async function giveName(inside: string, path: string): Promise<boolean> {
  try {
    await link(inside, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    if (!NO_LINKS.has(codeOf(error))) throw error
  }
  // Of two that find the name free at the same time, the later one replaces the other. A link would not.
  const isFree = await lstat(path).then(
    () => false,
    error => codeOf(error) === 'ENOENT',
  )
  if (isFree) await rename(inside, path)
  return isFree
}

async function makeFolder(parent: string): Promise<string> {
  const room = LONGEST_PATH_BYTES - Buffer.byteLength(join(parent, '.x/s')) + 1
  if (room < 1) throw new Error(`a socket cannot be made in ${parent}: its path is too long`)
  for (let tries = 1; ; tries++) {
    const folder = join(parent, `.${randomBytes(4).toString('hex').slice(0, room)}`)
    try {
      await mkdir(folder, { mode: 0o700 })
      return folder
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || tries === MOST_TRIES) throw error
    }
  }
}

/** The file's own name, where that fits: system tools show the path that a socket was bound to. */
function nameInside(folder: string, name: string): string {
  const fits = Buffer.byteLength(join(folder, name)) <= LONGEST_PATH_BYTES
  return fits && name !== '.' && name !== '..' ? name : 's'
}

function ignore(): void {}
