import { writeFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { certificates } from '../../support/certificates.ts'
import { freshPath } from '../../support/media.ts'
import { compiled } from './compiled.ts'
import { addressOf, Peer, type PeerOptions, portsOf } from './peer.ts'

/**
 * The NAME=VALUE words of the peer; `peer-options.h` and `peer-dtls-options.h` say what they mean. Here `ca`, `cert` and
 * `key` are PEM, as in the library's `tls` options. What is undefined is left out, also where there is a default.
 */
export type DtlsPeerOptions = Readonly<Record<string, string | number | undefined>>

const PEM = ['ca', 'cert', 'key']

const files = new Map<string, string>()

function fileOf(pem: string): string {
  let file = files.get(pem)
  if (file === undefined) {
    file = freshPath('pem')
    writeFileSync(file, pem)
    files.set(pem, file)
  }
  return file
}

function wordsOf(options: DtlsPeerOptions): PeerOptions {
  const words: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) words[name] = PEM.includes(name) ? fileOf(String(value)) : value
  }
  return words
}

/** The peer on libusrsctp and OpenSSL: SCTP over DTLS (RFC 8261). */
export class DtlsPeer extends Peer {
  constructor(t: TestContext, role: string, mode: string, options: DtlsPeerOptions) {
    const program = compiled('dtls-usrsctp-peer', 'usrsctp', 'ssl', 'crypto', 'pthread')
    super(t, role, mode, wordsOf(options), program)
  }

  /** The common name in our certificate, as it was shown in the handshake; `-` if none was. */
  async secured(): Promise<string> {
    const [, name] = await this.line(/^dtls (.*)$/)
    return name!
  }
}

/** A peer that waits for a DTLS connection, as `localhost`, and the address to connect to. */
export async function dtlsPeerServer(
  t: TestContext,
  mode: string,
  options: DtlsPeerOptions = {},
): Promise<{ peer: DtlsPeer; address: string }> {
  const peer = new DtlsPeer(t, 'server', mode, { ...certificates.localhost, ...options })
  return { peer, address: addressOf(await peer.ports(), 'dtls-sctp:') }
}

/** A peer that connects to an address of ours, where it demands a `localhost` certified by `certificates.ca`. */
export function dtlsPeerClient(
  t: TestContext,
  mode: string,
  address: string,
  options: DtlsPeerOptions = {},
): DtlsPeer {
  const { udp, sctp } = portsOf(address)
  const goal = { 'peer-udp': udp, 'peer-sctp': sctp }
  return new DtlsPeer(t, 'client', mode, { ca: certificates.ca, name: 'localhost', ...goal, ...options })
}
