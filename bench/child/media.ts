import { readFileSync } from 'node:fs'
import type { ConnectOptions, ListenOptions } from 'connect-ts'
import type { Medium, Way } from '../job.ts'
import { root } from '../root.ts'
import { socketPath } from '../socket-path.ts'

const pem = (name: string): string => readFileSync(new URL(`examples/certificates/${name}`, root), 'utf8')

export function serverTls(): { cert: string; key: string } {
  return { cert: pem('localhost.pem'), key: pem('localhost.key') }
}

export function clientTls(): { ca: string } {
  return { ca: pem('ca.pem') }
}

/** What a client shows where the server asks for it. */
export function clientIdentity(): { cert: string; key: string } {
  return { cert: pem('client.pem'), key: pem('client.key') }
}

/** What our own library is told beside the address. */
export function listenOptions(way: Way): ListenOptions {
  return { ...sessionOption(way), ...(isEncrypted(way.medium) && { tls: serverTls() }) }
}

export function connectOptions(way: Way): ConnectOptions {
  return { ...sessionOption(way), ...(isEncrypted(way.medium) && { tls: clientTls() }) }
}

function sessionOption({ session }: Way): { session?: true } {
  return session === true ? { session } : {}
}

function isEncrypted(medium: Medium): boolean {
  return medium === 'tls' || medium === 'dtls-sctp'
}

/** The address that our own library listens on. */
export function listenAddress(medium: Medium): string {
  if (medium === 'unix') return `unix://${socketPath()}`
  if (medium === 'sctp') return 'sctp://127.0.0.1:0?udp=0'
  return `${medium}://127.0.0.1:0`
}
