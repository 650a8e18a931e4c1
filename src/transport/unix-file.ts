import { lstatSync, unlinkSync } from 'node:fs'
import { chmod, lstat } from 'node:fs/promises'
import { giveName, inPrivateFolder } from './unix-folder.ts'
import { removeStale } from './unix-stale.ts'

/** What is bound to a path. */
interface Bound {
  close(): Promise<void>
}

/** The file of a socket that this process has made. */
export class UnixFile {
  readonly #path: string
  readonly #device: bigint
  readonly #inode: bigint
  #isRemoved = false

  private constructor(path: string, device: bigint, inode: bigint) {
    this.#path = path
    this.#device = device
    this.#inode = inode
  }

  /**
   * Gives a path to the socket that `bind` makes, once it listens. The file of a dead listener is replaced.
   *
   * The socket is made in a private folder, for two reasons. When libuv closes a socket, it removes the path that
   * the socket was bound to, whatever is there by then. And the socket has its mode before anybody can reach it.
   *
   * @param bind makes the socket at the path that it is given, and listens
   * @throws Error with the code `EADDRINUSE` if the path is taken
   */
  static make<T extends Bound>(
    path: string,
    mode: number | undefined,
    bind: (path: string) => Promise<T>,
  ): Promise<{ bound: T; file: UnixFile }> {
    return inPrivateFolder(path, async inside => {
      const bound = await bind(inside)
      try {
        if (mode !== undefined) await chmod(inside, mode)
        const { dev, ino } = await lstat(inside, { bigint: true })
        const isNamed =
          (await giveName(inside, path)) || ((await removeStale(path)) && (await giveName(inside, path)))
        if (!isNamed) throw inUse()
        return { bound, file: new UnixFile(path, dev, ino) }
      } catch (error) {
        await bound.close()
        throw error
      }
    })
  }

  /**
   * Removes the file, unless the path is another's by now. To be called before the socket is closed: until then,
   * no other file has its inode.
   */
  remove(): void {
    if (this.#isRemoved) return
    this.#isRemoved = true
    try {
      const { dev, ino } = lstatSync(this.#path, { bigint: true })
      if (dev === this.#device && ino === this.#inode) unlinkSync(this.#path)
    } catch {
      // It is gone, or this process may not remove it.
    }
  }
}

function inUse(): Error {
  return Object.assign(new Error('EADDRINUSE: address already in use'), { code: 'EADDRINUSE' })
}
