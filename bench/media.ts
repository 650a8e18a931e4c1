import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TlsConnectOptions, TlsListenOptions } from 'connect-ts'
import type { Job } from './job.ts'

const certificates = new URL('../examples/certificates/', import.meta.url)
const pem = (name: string): string => readFileSync(new URL(name, certificates), 'utf8')

export function serverTls(): TlsListenOptions {
  return { cert: pem('localhost.pem'), key: pem('localhost.key') }
}

export function clientTls(): TlsConnectOptions {
  return { ca: pem('ca.pem') }
}

/** Where the process with this id puts its Unix socket. */
export function socketPath(pid: number = process.pid): string {
  return join(tmpdir(), `connect-ts-bench-${pid}.sock`)
}

/** The address that our own library listens on. */
export function listenAddress(job: Job): string {
  if (job.medium === 'unix') return `unix://${socketPath()}`
  return job.medium === 'tls' ? 'tls://localhost:0' : 'tcp://127.0.0.1:0'
}
