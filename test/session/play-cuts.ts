import { type Connection, type ConnectOptions, connect, listen } from '../../src/index.ts'
import { within } from '../support/waiting.ts'
import { CUTTABLE, cuttingPath } from './cutting-path.ts'
import { Exchange, MEAN_FRAME_BYTES } from './exchange.ts'
import type { CuttingPath } from './mishaps.ts'

/** Messages both ways over a session whose path is cut and stalls. */
export interface CutsPlan {
  /** Without its colon. */
  readonly scheme: string
  readonly seed: number
  /** In each direction. */
  readonly messages: number
  /** Cuts and stalls, about. */
  readonly mishaps: number
  /** Times in which each reader's user stops reading, about. */
  readonly pauses: number
  readonly silenceTimeoutMs: number
}

/** How a run stands. */
export interface CutsCount {
  /** Messages that have come, at both ends. */
  received: number
  /** How often the client's session was left without a connection. */
  breaks: number
  /** Tries to connect again, those that failed as well. */
  tries: number
}

/** How a run has gone. */
export interface CutsOutcome extends Readonly<CutsCount> {
  readonly cuts: number
  readonly stalls: number
  /** Of the client's session and the server's. */
  readonly states: readonly (string | undefined)[]
}

/** What is waited for before a connection counts as failed; less than the session waits for. */
const PATIENCE_MS = 1000

/**
 * Plays a run. Rejects when something is lost, doubled or out of order, or the session is lost.
 *
 * @param count shows how the run stands, while it goes on
 */
export async function playCuts(
  plan: CutsPlan,
  count: CutsCount = { received: 0, breaks: 0, tries: 0 },
): Promise<CutsOutcome> {
  const { scheme, seed, messages, mishaps, pauses, silenceTimeoutMs } = plan
  const medium = CUTTABLE[scheme]!
  const common = { allowHalfOpen: true, handshakeTimeoutMs: PATIENCE_MS }
  const session = { silenceTimeoutMs }
  const listener = await listen(medium.freshAddress(), { ...medium.listenOptions, ...common, session })
  const longestMs = 2 * silenceTimeoutMs
  const meanBytes = (messages * 2 * MEAN_FRAME_BYTES) / mishaps
  const path = await cuttingPath(listener.address, { seed, meanBytes, longestMs })
  const beforeRetry = ({ attempt }: { readonly attempt: number }): undefined => {
    if (attempt === 1) count.breaks++
    count.tries++
  }
  try {
    const retry = { ...session, beforeRetry, retryDelayMs: 5, retryDelayMaxMs: 50 }
    const client = await reach(path, {
      ...medium.connectOptions,
      ...common,
      connectTimeoutMs: PATIENCE_MS,
      session: retry,
    })
    const server = (await within(listener.accept()))!
    await new Exchange({ seed, messages, pauses, longestPauseMs: longestMs }, count).run(client, server)
    path.calm()
    await Promise.all([client.close(), server.close()])
    const states = [client.session?.state, server.session?.state]
    return { ...count, cuts: path.cuts, stalls: path.stalls, states }
  } finally {
    await path.close()
    await listener.close()
  }
}

/** What breaks before a session has begun is an error. */
async function reach(path: CuttingPath, options: ConnectOptions): Promise<Connection> {
  for (let tries = 1; ; tries++) {
    try {
      return await within(connect(path.address, options))
    } catch (error) {
      if (tries === 20) throw error
    }
  }
}
