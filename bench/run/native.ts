import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { root } from '../root.ts'

const execute = promisify(execFile)

/** A program in C, compiled when it is needed. */
export interface NativeProgram {
  readonly name: string
  /** Below `bench/`. */
  readonly source: string
  /** What the linker is told. */
  readonly libraries: readonly string[]
  /** What is to be installed for it, by Debian's names. */
  readonly needs: string
  /** The command that prints the version of its library, after any other word. */
  readonly version?: readonly [string, ...string[]]
}

export const libzmq: NativeProgram = {
  name: 'libzmq',
  source: 'peers/libzmq.c',
  libraries: ['-lzmq'],
  needs: 'gcc and libzmq3-dev',
  version: [pathOf('libzmq'), 'version'],
}

export const usrsctp: NativeProgram = {
  name: 'usrsctp',
  source: 'peers/usrsctp.c',
  libraries: ['-lusrsctp', '-lpthread'],
  needs: 'gcc and libusrsctp-dev',
  version: ['pkg-config', '--modversion', 'usrsctp'],
}

export const relay: NativeProgram = { name: 'relay', source: 'link/relay.c', libraries: [], needs: 'gcc' }

/** Where the compiled program is. */
export function pathOf(name: string): string {
  return fileURLToPath(new URL(`dist/bench/${name}`, root))
}

/** False where there is no compiler, or no library. */
export async function compile({ name, source, libraries }: NativeProgram): Promise<boolean> {
  const file = fileURLToPath(new URL(`bench/${source}`, root))
  try {
    await execute('cc', ['-O2', '-o', pathOf(name), file, ...libraries])
    return true
  } catch {
    return false
  }
}

export async function versionOf({ version }: NativeProgram): Promise<string> {
  const [command, ...args] = version!
  try {
    const { stdout } = await execute(command, args)
    return stdout.trim().split(' ').at(-1)!
  } catch {
    return 'not known'
  }
}
