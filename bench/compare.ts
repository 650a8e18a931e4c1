import type { Case, Contender, Result } from './case.ts'
import type { Sample } from './figures.ts'
import { progress } from './progress.ts'

export interface Plan {
  readonly quick: boolean
  /** In place of every case's own number. */
  readonly rounds: number | undefined
}

const USUAL_ROUNDS = { full: 5, quick: 3 }

/** Runs the cases one after the other; each result is given as soon as it is there. */
export async function* compareAll(cases: readonly Case[], plan: Plan): AsyncGenerator<Result> {
  for (const [place, one] of cases.entries()) yield await compare(one, plan, `[${place + 1}/${cases.length}]`)
}

/** A B C, A B C, ...: what disturbs the machine for a while disturbs all of them. */
async function compare(one: Case, plan: Plan, place: string): Promise<Result> {
  const rounds = plan.rounds ?? (one.rounds ?? USUAL_ROUNDS)[plan.quick ? 'quick' : 'full']
  const names = one.contenders.map(({ name }) => name)
  const samples: Record<string, Sample[]> = Object.fromEntries(names.map(name => [name, []]))
  progress.begin(`${place} ${one.name}: ${rounds} x ${names.join(', ')}`)
  for (let round = 1; round <= rounds; round++) {
    for (const contender of one.contenders) {
      progress.step(`${place} ${one.name}: round ${round} of ${rounds}, ${contender.name}`)
      samples[contender.name]!.push(await runOnce(one, contender, plan.quick))
    }
  }
  progress.clear()
  return { of: one, rounds, samples, remark: await one.remark?.() }
}

async function runOnce(one: Case, { name, run }: Contender, quick: boolean): Promise<Sample> {
  try {
    return await run(quick)
  } catch (cause) {
    throw new Error(`${one.name}, ${name}: the run has failed`, { cause })
  }
}
