/** The least ratio of our rate to that of another contender. */
export interface Floor {
  readonly against: string
  readonly atLeast: number
}

/**
 * By case; `npm run bench -- --check` fails below them. They are against what is always there, where that will do:
 * Node's own sockets, or our own library without what the case is about.
 *
 * To renew them: run `npm run bench -- --check` on a quiet machine and put 0.6 of each ratio here, less where its
 * spread is wide. The margin is wide on purpose: a floor is to notice that something has become slow, on any
 * machine, and not to notice noise. A session is held tighter, as there both do nearly the same.
 */
export const floors: Readonly<Record<string, Floor>> = {
  '64 B': { against: 'net', atLeast: 0.16 },
  '64 B, batches': { against: 'net', atLeast: 0.3 },
  '1 KiB': { against: 'net', atLeast: 1.0 },
  '64 KiB': { against: 'net', atLeast: 1.2 },
  '1 MiB': { against: 'net', atLeast: 1.3 },
  'TLS, 64 B': { against: 'tls', atLeast: 0.2 },
  'TLS, 64 KiB': { against: 'tls', atLeast: 0.5 },
  'Unix socket, 64 B': { against: 'net', atLeast: 0.14 },
  'Unix socket, 64 KiB': { against: 'net', atLeast: 0.3 },
  'SCTP, 64 B': { against: 'UDP, 1,200 B', atLeast: 0.38 },
  'SCTP, 64 B, batches': { against: 'UDP, 1,200 B', atLeast: 0.3 },
  'SCTP, 1 KiB': { against: 'UDP, 1,200 B', atLeast: 0.6 },
  'SCTP, 64 KiB': { against: 'UDP, 65,000 B', atLeast: 0.15 },
  'SCTP, 64 KiB, packets of 1,200 B': { against: 'UDP, 1,200 B', atLeast: 0.23 },
  'SCTP, 64 KiB, 1 % loss': { against: 'usrsctp', atLeast: 0.35 },
  'SCTP, 1 KiB, 1 % loss': { against: 'usrsctp', atLeast: 0.4 },
  'DTLS-SCTP, 64 B': { against: 'connect-ts on SCTP', atLeast: 0.4 },
  'DTLS-SCTP, 64 B, batches': { against: 'connect-ts on SCTP', atLeast: 0.4 },
  'DTLS-SCTP, 1 KiB': { against: 'connect-ts on SCTP', atLeast: 0.5 },
  'DTLS-SCTP, 64 KiB': { against: 'connect-ts on SCTP', atLeast: 0.42 },
  'session, 64 B': { against: 'connect-ts', atLeast: 0.6 },
  'session, 64 B, batches': { against: 'connect-ts', atLeast: 0.5 },
  'session, 1 KiB': { against: 'connect-ts', atLeast: 0.6 },
  'session, 64 KiB': { against: 'connect-ts', atLeast: 0.65 },
  'round trip of 64 B': { against: 'net', atLeast: 0.6 },
  'round trip of 64 B, pinned': { against: 'net', atLeast: 0.5 },
  'round trip of 64 B, DTLS-SCTP': { against: 'connect-ts on SCTP', atLeast: 0.5 },
}
