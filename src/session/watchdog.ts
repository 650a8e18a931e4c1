import type { Platform } from '../platform.ts'

/** Looks in the time in which a peer must be heard. */
const LOOKS = 4

/** Somebody who is looked after. */
export interface Watched {
  /** Called four times in the time limit, after what has already come was read. */
  look(): void
}

/** Those who have the same time limit, and their one timer. */
interface Round {
  readonly members: Set<Watched>
  cancel: (() => void) | undefined
}

/** Looks after all sessions of a process, by one timer for each time limit and not by one for each session or message. */
export class Watchdog {
  readonly #platform: Platform
  readonly #rounds = new Map<number, Round>()

  constructor(platform: Platform) {
    this.#platform = platform
  }

  add(member: Watched, limitMs: number): void {
    const round = this.#rounds.get(limitMs) ?? { members: new Set(), cancel: undefined }
    this.#rounds.set(limitMs, round)
    round.members.add(member)
    if (round.cancel === undefined) this.#start(round, limitMs)
  }

  remove(member: Watched, limitMs: number): void {
    const round = this.#rounds.get(limitMs)
    if (round === undefined || !round.members.delete(member) || round.members.size > 0) return
    round.cancel?.()
    this.#rounds.delete(limitMs)
  }

  #start(round: Round, limitMs: number): void {
    const ms = Math.max(1, Math.ceil(limitMs / LOOKS))
    round.cancel = this.#platform.startTimer(() => {
      this.#start(round, limitMs)
      // A timer that fired late says nothing about the peer: what has come by now is read first.
      this.#platform.nextTurn(() => {
        for (const member of [...round.members]) member.look()
      })
    }, ms)
  }
}

const watchdogs = new WeakMap<Platform, Watchdog>()

/** The one of the platform. */
export function watchdogOf(platform: Platform): Watchdog {
  const watchdog = watchdogs.get(platform) ?? new Watchdog(platform)
  watchdogs.set(platform, watchdog)
  return watchdog
}
