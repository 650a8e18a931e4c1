import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Compiles the C peer; undefined where there is no compiler or no libzmq. */
export async function buildLibzmqPeer(): Promise<string | undefined> {
  const source = fileURLToPath(new URL('peers/libzmq.c', import.meta.url))
  const program = join(await mkdtemp(join(tmpdir(), 'connect-ts-bench-')), 'libzmq')
  try {
    await promisify(execFile)('cc', ['-O2', '-o', program, source, '-lzmq'])
    return program
  } catch {
    return undefined
  }
}
