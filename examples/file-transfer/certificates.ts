import { readFileSync } from 'node:fs'
import type { ConnectOptions, ListenOptions } from 'connect-ts'

/** Trusts the authority of the examples, where the address asks for TLS. */
export function connectOptionsFor(address: string): ConnectOptions {
  return usesTls(address) ? { tls: { ca: read('ca.pem') } } : {}
}

export function listenOptionsFor(address: string): ListenOptions {
  return usesTls(address) ? { tls: { cert: read('localhost.pem'), key: read('localhost.key') } } : {}
}

function usesTls(address: string): boolean {
  return address.startsWith('tls:')
}

function read(name: string): Buffer {
  return readFileSync(new URL(`../certificates/${name}`, import.meta.url))
}
