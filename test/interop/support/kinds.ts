import type { TestContext } from 'node:test'
import { certificates } from '../../support/certificates.ts'
import { dtlsSctp, type Medium, sctp } from '../../support/media.ts'
import { type DtlsPeer, dtlsPeerClient, dtlsPeerServer } from './dtls-peer.ts'
import { type Peer, type PeerOptions, peerClient, peerServer } from './peer.ts'
import type { ToolName } from './tools.ts'

/** A kind of peer on usrsctp, by what carries its packets, and how the library reaches it. */
export interface Kind<P extends Peer = Peer> {
  readonly name: string
  readonly needs: readonly ToolName[]
  readonly medium: Medium
  /** A peer that waits for an association, and the address to connect to. */
  server(t: TestContext, mode: string, options?: PeerOptions): Promise<{ peer: P; address: string }>
  /** A peer that connects to an address of ours. */
  client(t: TestContext, mode: string, address: string, options?: PeerOptions): P
}

/** SCTP over UDP (RFC 6951). */
export const overUdp: Kind = {
  name: 'usrsctp',
  needs: ['cc', 'usrsctp'],
  medium: sctp,
  server: peerServer,
  client: peerClient,
}

const { ca, localhost, client } = certificates

/** SCTP over DTLS (RFC 8261), where each end demands a certificate of the other. */
export const overDtls: Kind<DtlsPeer> = {
  name: 'usrsctp over DTLS',
  needs: ['cc', 'usrsctp', 'libssl'],
  medium: {
    ...dtlsSctp,
    listenOptions: { tls: { ...localhost, ca } },
    connectOptions: { tls: { ...client, ca } },
  },
  server: (t, mode, options) => dtlsPeerServer(t, mode, { ca, ...options }),
  client: (t, mode, address, options) => dtlsPeerClient(t, mode, address, { ...client, ...options }),
}
