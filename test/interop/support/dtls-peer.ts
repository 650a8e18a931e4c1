import { writeFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { certificates } from '../../support/certificates.ts'
import { freshPath } from '../../support/media.ts'
import { compiled } from './compiled.ts'
import { addressOf, Peer, type PeerOptions, portsOf } from './peer.ts'

/** Options that are PEM here, as in the library's `tls` options, and paths for the peer (`peer-dtls-options.h`). */
const PEM = ['ca', 'cert', 'key']

const files = new Map<string, string>()

/** The path of a file with this text. */
export function fileOf(pem: string): string {
  let file = files.get(pem)
  if (file === undefined) {
    file = freshPath('pem')
    writeFileSync(file, pem)
    files.set(pem, file)
  }
  return file
}

function withFiles(options: PeerOptions): PeerOptions {
  const files = PEM.filter(name => options[name] !== undefined)
  return { ...options, ...Object.fromEntries(files.map(name => [name, fileOf(String(options[name]))])) }
}

/** The peer on libusrsctp and OpenSSL: SCTP over DTLS (RFC 8261). */
export class DtlsPeer extends Peer {
  constructor(t: TestContext, role: string, mode: string, options: PeerOptions) {
    const program = compiled('dtls-usrsctp-peer', 'usrsctp', 'ssl', 'crypto', 'pthread')
    super(t, role, mode, withFiles(options), program)
  }

  /** The common name in our certificate, as it was shown in the handshake; `-` if none was. */
  async secured(): Promise<string> {
    const [, name] = await this.line(/^dtls (.*)$/)
    return name!
  }

  /** What decrypts the records: the text of a key log file. */
  async key(): Promise<string> {
    const [, line] = await this.line(/^key (.*)$/)
    return `${line}\n`
  }
}

/** A peer that waits for a DTLS connection, as `localhost`, and the address to connect to. */
export async function dtlsPeerServer(
  t: TestContext,
  mode: string,
  options: PeerOptions = {},
): Promise<{ peer: DtlsPeer; address: string }> {
  const peer = new DtlsPeer(t, 'server', mode, { ...certificates.localhost, ...options })
  return { peer, address: addressOf(await peer.ports(), 'dtls-sctp:') }
}

/** A peer that connects to an address of ours, where it demands a `localhost` certified by `certificates.ca`. */
export function dtlsPeerClient(
  t: TestContext,
  mode: string,
  address: string,
  options: PeerOptions = {},
): DtlsPeer {
  const { udp, sctp } = portsOf(address)
  const goal = { 'peer-udp': udp, 'peer-sctp': sctp }
  return new DtlsPeer(t, 'client', mode, { ca: certificates.ca, name: 'localhost', ...goal, ...options })
}
