import type { Kind } from './coverage.ts'
import { Disturbances } from './disturbances.ts'
import { newPlan } from './plan.ts'
import { Stage } from './stage.ts'
import { World } from './world.ts'

/** Longer than any run takes, unless it goes on for ever. */
const MOST_MS = 3_600_000

/** After the last user: what is kept for clients that may come back, or come too late, and what still goes wrong. */
const WIND_DOWN_MS = 500_000

export interface Outcome {
  readonly ms: number
  readonly connections: number
  readonly isLost: boolean
  readonly messages: number
  readonly kinds: ReadonlySet<Kind>
  /** Of all that happened. */
  readonly hash: string
}

/** Plays one run; whatever is thrown tells its seed. */
export async function play(seed: number): Promise<Outcome> {
  const world = new World(Math.imul(seed, 0x9e3779b1) ^ 0x5e55)
  const stage = new Stage(world, newPlan(world.chance.fork()))
  try {
    new Disturbances(stage, world.chance.fork()).plan()
    await stage.play(MOST_MS)
    await stage.windDown(WIND_DOWN_MS)
    stage.checkEnd()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const when = `after ${Math.round(stage.now)} ms`
    throw new Error(
      `seed ${seed}, ${when}: ${why}\n  again: npm run soak:session -- --start ${seed} --seeds 1`,
      {
        cause,
      },
    )
  }
  const { slots, log, coverage } = stage
  return {
    ms: stage.now,
    connections: world.wires.length,
    isLost: slots.some(({ client }) => client.error !== undefined),
    messages: slots.reduce((sum, { client, server }) => sum + client.read + server.read, 0),
    kinds: coverage.kinds,
    hash: log.hash,
  }
}
