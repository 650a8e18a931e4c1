import type { TestContext } from 'node:test'
import type { ConnectSessionOptions, ListenSessionOptions } from '../../src/index.ts'
import type { Medium } from '../support/media.ts'
import { acceptOne, openClient, openListener, type Pair } from '../support/pairs.ts'
import { until } from '../support/waiting.ts'
import { cuttingPath } from './cutting-path.ts'
import type { CuttingPath } from './mishaps.ts'

export interface CutPairOptions {
  readonly client?: ConnectSessionOptions
  readonly server?: ListenSessionOptions
  /** At both ends. */
  readonly closeTimeoutMs?: number
}

/** Two ends of a session, on a path that breaks when it is told to. */
export interface CutPair extends Pair {
  readonly path: CuttingPath
}

/** How soon these sessions find out that a path is dead. */
const QUICK = { silenceTimeoutMs: 200 }

/** For as long as the test goes on. */
export async function openCutPair(
  t: TestContext,
  medium: Medium,
  options: CutPairOptions = {},
): Promise<CutPair> {
  const { closeTimeoutMs } = options
  const common = { closeTimeoutMs }
  const listener = await openListener(t, medium, { ...common, session: { ...QUICK, ...options.server } })
  const path = await cuttingPath(listener.address)
  t.after(() => path.close())
  const accepted = acceptOne(t, listener)
  const session = { ...QUICK, retryDelayMs: 5, retryDelayMaxMs: 50, ...options.client }
  const client = await openClient(t, medium, path.address, { ...common, connectTimeoutMs: 1000, session })
  return { client, server: await accepted, listener, path }
}

/** Breaks the path, by `cutAll` if nothing else is said, and waits until both ends go on over another connection. */
export async function cutAndResume(
  { client, server, path }: CutPair,
  breakPath: () => void = () => path.cutAll(),
): Promise<void> {
  const seen: string[] = []
  const watching = (async () => {
    for await (const state of client.session!.states()) {
      seen.push(state)
      if (seen.length === 3) return
    }
  })()
  breakPath()
  await until(() => seen.length === 3 && server.session!.state === 'attached', 'it is attached again')
  await watching
}
