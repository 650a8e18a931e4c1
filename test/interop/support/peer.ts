import type { TestContext } from 'node:test'
import { compiled } from './compiled.ts'
import { Program } from './program.ts'

/** The NAME=VALUE words of the peer; `peer-options.h` says what they mean. What is undefined is left out. */
export type PeerOptions = Readonly<Record<string, string | number | undefined>>

export interface Ports {
  readonly udp: number
  readonly sctp: number
}

const usrsctpPeer = (): string => compiled('usrsctp-peer', 'usrsctp', 'pthread')

/** The peer on libusrsctp, and the ports that it says it has. */
export class Peer extends Program {
  #ports: Promise<Ports> | undefined

  constructor(t: TestContext, role: string, mode: string, options: PeerOptions, path = usrsctpPeer()) {
    const given = Object.entries({ limit: 60, ...options }).filter(([, value]) => value !== undefined)
    super(t, path, [role, mode, ...given.map(([name, value]) => `${name}=${value}`)])
  }

  ports(): Promise<Ports> {
    this.#ports ??= this.line(/^ports (\d+) (\d+)$/).then(([, udp, sctp]) => ({
      udp: Number(udp),
      sctp: Number(sctp),
    }))
    return this.#ports
  }

  /** What it received in the end: its count and hash, and how many messages did not look like ours. */
  async received(): Promise<{ bytes: string; odd: string }> {
    const [, bytes, odd] = await this.line(/^received (\d+ [0-9a-f]+) \d+ (\d+)$/)
    return { bytes: bytes!, odd: odd! }
  }
}

/** A peer that waits for an association, and the address to connect to. */
export async function peerServer(
  t: TestContext,
  mode: string,
  options: PeerOptions = {},
): Promise<{ peer: Peer; address: string }> {
  const peer = new Peer(t, 'server', mode, options)
  return { peer, address: addressOf(await peer.ports()) }
}

/** A peer that connects to an address of ours. */
export function peerClient(t: TestContext, mode: string, address: string, options: PeerOptions = {}): Peer {
  const { udp, sctp } = portsOf(address)
  return new Peer(t, 'client', mode, { 'peer-udp': udp, 'peer-sctp': sctp, ...options })
}

export function addressOf({ udp, sctp }: Ports, protocol = 'sctp:'): string {
  if (protocol === 'dtls-sctp:') return `${protocol}//127.0.0.1:${udp}?sctp=${sctp}`
  return `${protocol}//127.0.0.1:${sctp}?udp=${udp}`
}

/** In an address of the library, the SCTP port of a DTLS connection is left out where it is the default. */
export function portsOf(address: string): Ports {
  const { protocol, port, searchParams } = new URL(address)
  if (protocol === 'dtls-sctp:') return { udp: Number(port), sctp: Number(searchParams.get('sctp') ?? 5000) }
  return { udp: Number(searchParams.get('udp')), sctp: Number(port) }
}
