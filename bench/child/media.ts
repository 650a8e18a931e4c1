import { readFileSync } from 'node:fs'
import type { Medium } from '../job.ts'
import { root } from '../root.ts'
import { socketPath } from '../socket-path.ts'

const pem = (name: string): string => readFileSync(new URL(`examples/certificates/${name}`, root), 'utf8')

export function serverTls(): { cert: string; key: string } {
  return { cert: pem('localhost.pem'), key: pem('localhost.key') }
}

export function clientTls(): { ca: string } {
  return { ca: pem('ca.pem') }
}

/** The address that our own library listens on. */
export function listenAddress(medium: Medium): string {
  if (medium === 'unix') return `unix://${socketPath()}`
  if (medium === 'sctp') return 'sctp://127.0.0.1:0?udp=0'
  return medium === 'tls' ? 'tls://localhost:0' : 'tcp://127.0.0.1:0'
}
