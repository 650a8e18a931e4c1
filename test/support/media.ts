import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectErrorCode, ConnectOptions, ListenOptions } from '../../src/index.ts'
import { certificates } from './certificates.ts'
import { BROKEN } from './errors.ts'

/** One transport as the contract needs it. */
export interface Medium {
  /** An address to listen on that nobody else uses. */
  freshAddress(): string
  readonly listenOptions: ListenOptions
  readonly connectOptions: ConnectOptions
  /** What an end fails with when its peer breaks off. */
  readonly broken: readonly ConnectErrorCode[]
  /** When `flush` and the `close` of a writer fulfil: the operating system has all, or the peer's reader has consumed it. */
  readonly flushMeans: 'written' | 'consumed'
  /** How long a writer that is full may take nothing, and then more, though nobody reads. */
  readonly longestPauseMs: number
  /** Most memory that a small datagram shares with others, which it keeps alive, as the comment of `ConnectDatagram` says. */
  readonly sharedKiB: number
}

const PAUSE_MS = 100

/** A kernel asks a peer whose window has closed again after 200 ms, its shortest time-out, and may find it open. */
const TCP_PAUSE_MS = 250

export const tcp: Medium = {
  freshAddress: () => 'tcp://127.0.0.1:0',
  listenOptions: {},
  connectOptions: {},
  broken: BROKEN,
  flushMeans: 'written',
  longestPauseMs: TCP_PAUSE_MS,
  sharedKiB: 64,
}

export const tls: Medium = {
  freshAddress: () => 'tls://127.0.0.1:0',
  listenOptions: { tls: certificates.localhost },
  connectOptions: { tls: { ca: certificates.ca } },
  broken: BROKEN,
  flushMeans: 'written',
  longestPauseMs: TCP_PAUSE_MS,
  sharedKiB: 64,
}

/** A directory of its own, removed when the process exits. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'connect-ts-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  return directory
}

let directory: string | undefined
let count = 0

/** A path for a Unix socket where no file is. */
export function freshPath(name = 'socket'): string {
  directory ??= scratchDirectory()
  return join(directory, `${name}-${count++}`)
}

export const unix: Medium = {
  freshAddress: () => `unix://${freshPath()}`,
  listenOptions: {},
  connectOptions: {},
  broken: BROKEN,
  flushMeans: 'written',
  longestPauseMs: PAUSE_MS,
  sharedKiB: 64,
}

export const sctp: Medium = {
  freshAddress: () => 'sctp://127.0.0.1:0?udp=0',
  listenOptions: {},
  connectOptions: {},
  broken: BROKEN,
  flushMeans: 'written',
  longestPauseMs: PAUSE_MS,
  sharedKiB: 256,
}

export const dtlsSctp: Medium = {
  freshAddress: () => 'dtls-sctp://127.0.0.1:0',
  listenOptions: { tls: certificates.localhost },
  connectOptions: { tls: { ca: certificates.ca } },
  broken: BROKEN,
  flushMeans: 'written',
  longestPauseMs: PAUSE_MS,
  sharedKiB: 256,
}

export const memory: Medium = {
  freshAddress: () => `memory://test-${count++}`,
  listenOptions: {},
  connectOptions: {},
  broken: BROKEN,
  flushMeans: 'written',
  longestPauseMs: PAUSE_MS,
  sharedKiB: 1024,
}

/** The same medium with a session at both ends. */
export function inSession(medium: Medium): Medium {
  return {
    ...medium,
    listenOptions: { ...medium.listenOptions, session: true },
    connectOptions: { ...medium.connectOptions, session: true },
    broken: ['SESSION_LOST'],
    flushMeans: 'consumed',
    // What is not consumed fills the queue of the writer itself.
    longestPauseMs: PAUSE_MS,
  }
}

export const media: Readonly<Record<string, Medium>> = { tcp, tls, unix, sctp, 'dtls-sctp': dtlsSctp, memory }
