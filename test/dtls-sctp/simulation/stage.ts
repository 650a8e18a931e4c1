import { loadEngine } from '../../../src/transport/dtls-sctp/engine/load-engine.ts'
import type { Stage } from '../../sctp/simulation/play.ts'
import { SECURE_SCENARIOS } from './scenarios.ts'
import { type Contexts, contextsOf, SecureMedium } from './secure-medium.ts'

/** SCTP inside DTLS. The contexts are to be freed behind the last run. */
export interface SecureStage extends Stage {
  readonly contexts: Contexts
  free(): void
}

export async function secureStage(): Promise<SecureStage> {
  const contexts = contextsOf(await loadEngine())
  return {
    scenarios: SECURE_SCENARIOS,
    makeMedium: () => new SecureMedium(contexts),
    option: '--dtls ',
    contexts,
    free() {
      contexts.client.free()
      contexts.server.free()
    },
  }
}
