import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { root } from '../root.ts'
import { libzmq, type NativeProgram, usrsctp, versionOf } from '../run/native.ts'

/** What the figures hold for. */
export interface Machine {
  readonly date: string
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly system: string
  readonly versions: Readonly<Record<string, string>>
}

/** @param built the programs in C that there are */
export async function machine(built: ReadonlySet<NativeProgram>): Promise<Machine> {
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: cpus()[0]!.model,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    system: systemName(),
    versions: {
      'connect-ts': versionIn('package.json'),
      node: process.version.slice(1),
      'OpenSSL in node': process.versions.openssl,
      koffi: versionIn('node_modules/koffi/package.json'),
      ws: versionIn('node_modules/ws/package.json'),
      zeromq: versionIn('node_modules/zeromq/package.json'),
      'libzmq in zeromq': (await import('zeromq')).version,
      libzmq: built.has(libzmq) ? await versionOf(libzmq) : 'did not take part',
      usrsctp: built.has(usrsctp) ? await versionOf(usrsctp) : 'did not take part',
    },
  }
}

function versionIn(path: string): string {
  return (JSON.parse(readFileSync(new URL(path, root), 'utf8')) as { version: string }).version
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))![1]!
  } catch {
    return process.platform
  }
}
