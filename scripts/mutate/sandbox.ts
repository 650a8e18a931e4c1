import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Mutant, mutate } from './mutant.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A copy of the work tree that can be changed. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'connect-ts-mutate-'))

  constructor() {
    const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
    })
    // The last is empty, and a file that was deleted stays in the index until that is committed.
    const paths = list.split('\0').filter(path => path !== '' && existsSync(join(root, path)))
    for (const path of paths) cpSync(join(root, path), join(this.folder, path))
    for (const modules of ['node_modules', '.ci/node-versions/node_modules']) {
      symlinkSync(join(root, modules), join(this.folder, modules))
    }
  }

  /** Runs `work` while the copy has the mutant. */
  async with<T>(mutant: Mutant, work: () => Promise<T>): Promise<T> {
    const path = join(this.folder, 'src', mutant.file)
    const source = readFileSync(path, 'utf8')
    writeFileSync(path, mutate(source, mutant))
    try {
      return await work()
    } finally {
      writeFileSync(path, source)
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
