import { describe } from 'node:test'
import { failOnLeaks } from '../support/leaks.ts'
import type { Medium } from '../support/media.ts'
import { abortSignals } from './contract/abort-signals.ts'
import { aborting } from './contract/aborting.ts'
import { addresses } from './contract/addresses.ts'
import { backPressure } from './contract/back-pressure.ts'
import { callOptions } from './contract/call-options.ts'
import { callerStacks } from './contract/caller-stacks.ts'
import { changingBuffers } from './contract/changing-buffers.ts'
import { closing } from './contract/closing.ts'
import { disposal } from './contract/disposal.ts'
import { flushConsumed } from './contract/flush-consumed.ts'
import { flushWritten } from './contract/flush-written.ts'
import { halfClose } from './contract/half-close.ts'
import { iterators } from './contract/iterators.ts'
import { listening } from './contract/listening.ts'
import { order } from './contract/order.ts'
import { ownership } from './contract/ownership.ts'
import { reading } from './contract/reading.ts'
import { sending } from './contract/sending.ts'
import { unawaited } from './contract/unawaited.ts'
import { webStreams } from './contract/web-streams.ts'

/** What one part of the contract is: tests over any medium. */
export type Part = (medium: Medium) => void

const parts = {
  order,
  reading,
  iterators,
  sending,
  ownership,
  'buffers that change': changingBuffers,
  'back-pressure': backPressure,
  'half-close': halfClose,
  closing,
  aborting,
  disposal,
  'abort signals': abortSignals,
  'options of calls': callOptions,
  'stacks of callers': callerStacks,
  'web streams': webStreams,
  listening,
  addresses,
  'unawaited promises': unawaited,
} satisfies Readonly<Record<string, Part>>

export type PartName = keyof typeof parts

/** What only holds where `flush`, and closing a writer, mean the one or the other. */
const partsOfFlush: Readonly<Record<Medium['flushMeans'], Part>> = {
  written: flushWritten,
  consumed: flushConsumed,
}

/** What holds for a connection over every transport; all parts of it, or those that are named, and that of flush. */
export function contract(name: string, setUp: () => Medium, only?: readonly PartName[]): void {
  describe(`${name}: the contract`, () => {
    failOnLeaks()
    const medium = setUp()
    for (const part of only ?? (Object.keys(parts) as PartName[])) describe(part, () => parts[part](medium))
    const { flushMeans } = medium
    describe(`flush means ${flushMeans}`, () => partsOfFlush[flushMeans](medium))
  })
}
