import type { TestContext } from 'node:test'
import { fileOf } from './dtls-peer.ts'
import { Program } from './program.ts'

/** Who it is, and whom it trusts; PEM, as in the library's `tls` options. */
export interface OpenSslIdentity {
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
}

/** OpenSSL's own program for trying out a client or a server. It ends with its standard input. */
export class OpenSsl extends Program {
  constructor(t: TestContext, command: string, identity: OpenSslIdentity, args: readonly string[]) {
    const { cert, key, ca } = identity
    const given = [
      ...(cert === undefined ? [] : ['-cert', fileOf(cert)]),
      ...(key === undefined ? [] : ['-key', fileOf(key)]),
      ...(ca === undefined ? [] : ['-CAfile', fileOf(ca)]),
    ]
    // It writes its errors elsewhere.
    super(t, 'sh', ['-c', 'exec openssl "$@" 2>&1', 'sh', command, ...given, ...args])
  }
}

/** A client of the listener at this address. */
export function openSslClient(
  t: TestContext,
  address: string,
  identity: OpenSslIdentity,
  ...args: string[]
): OpenSsl {
  const { port } = new URL(address)
  return new OpenSsl(t, 's_client', identity, ['-connect', `127.0.0.1:${port}`, '-trace', ...args])
}

/** A server that asks for a cookie, and its address. */
export async function openSslServer(
  t: TestContext,
  identity: OpenSslIdentity,
  ...args: string[]
): Promise<{ openssl: OpenSsl; address: string }> {
  const openssl = new OpenSsl(t, 's_server', identity, [
    '-accept',
    '127.0.0.1:0',
    '-listen',
    '-trace',
    ...args,
  ])
  const [, port] = await openssl.line(/^ACCEPT 127\.0\.0\.1:(\d+)$/)
  return { openssl, address: `dtls-sctp://127.0.0.1:${port}` }
}
