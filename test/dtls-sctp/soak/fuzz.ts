import {
  type DtlsConnection,
  type DtlsEngine,
  DtlsFailure,
} from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import { EnginePair, FLIGHTS, mutual, type Way } from '../support/engine-pair.ts'
import { RecordMutator } from './record-mutator.ts'

/** Records that one pair of connections is given at most. */
const RECORDS_OF_A_PAIR = 60

export interface FuzzOutcome {
  /** Records that were given to a connection, or to a server. */
  records: number
  pairs: number
  /** Connections that failed, in the way that the contract has. */
  failures: number
  /** Records that were taken for data. */
  data: number
}

/**
 * Gives mutated records to connections before, in and after their handshake, and goes on with those that have failed.
 * The same seed makes the same choices; what OpenSSL draws is different each time.
 *
 * @throws Error if a connection throws anything but DtlsFailure, or a native object is left behind
 */
export function fuzz(engine: DtlsEngine, records: number, seed: number): FuzzOutcome {
  const mutator = new RecordMutator(seed)
  const outcome: FuzzOutcome = { records: 0, pairs: 0, failures: 0, data: 0 }
  const { alive } = engine
  while (outcome.records < records) {
    outcome.pairs++
    const pair = new EnginePair(engine, mutual)
    try {
      harass(pair, mutator, outcome)
    } finally {
      pair.free()
    }
    if (engine.alive !== alive) throw new Error(`${engine.alive - alive} native objects are left behind`)
  }
  return outcome
}

function harass(pair: EnginePair, mutator: RecordMutator, outcome: FuzzOutcome): void {
  const learn: Way = record => {
    mutator.learn(record)
    return record
  }
  const change: Way = record => (mutator.chance(0.3) ? mutator.changed(record) : record)
  pair.carryTo(mutator.below(FLIGHTS + 2), learn)
  for (let left = RECORDS_OF_A_PAIR; left > 0; left--) {
    outcome.records++
    if (pair.isUp && mutator.chance(0.3)) excused(outcome, () => sendData(pair, mutator, outcome))
    else excused(outcome, () => give(pair, mutator, outcome))
    if (mutator.chance(0.1)) excused(outcome, () => use(pair, mutator))
    if (mutator.chance(0.05)) excused(outcome, () => pair.carry(learn))
    if (mutator.chance(0.05)) excused(outcome, () => pair.carry(change))
  }
}

/** A record that was made for the connection that gets it, now and then twice, or changed. */
function sendData(pair: EnginePair, mutator: RecordMutator, outcome: FuzzOutcome): void {
  const ends = [pair.client, pair.accepted] as const
  const [from, to] = mutator.chance(0.5) ? ends : ([ends[1], ends[0]] as const)
  from.send(new Uint8Array(mutator.below(300) + 1))
  const record = from.takeAll()
  mutator.learn(record)
  if (mutator.chance(0.3)) {
    const changed = mutator.changed(record)
    to.receive(changed, changed)
  }
  if (mutator.chance(0.7)) outcome.data += to.receive(record, record) > 0 ? 1 : 0
}

function give(pair: EnginePair, mutator: RecordMutator, outcome: FuzzOutcome): void {
  const record = mutator.next()
  if (mutator.chance(0.5)) outcome.data += pair.client.receive(record, record) > 0 ? 1 : 0
  else if (pair.server === undefined) pair.greet(record)
  else outcome.data += pair.server.receive(record, record) > 0 ? 1 : 0
}

/** What a link does in between. */
function use(pair: EnginePair, mutator: RecordMutator): void {
  const connection: DtlsConnection = mutator.chance(0.5) ? pair.client : (pair.server ?? pair.client)
  const uses = [
    () => connection.takeAll(),
    () => connection.timeoutMs(),
    () => connection.onTimeout(),
    () => connection.send(new Uint8Array(mutator.below(2000) + 1)),
    () => connection.receiveEarly(new Uint8Array(100)),
    () => connection.end(),
    () => (connection.isUp ? connection.info : undefined),
  ]
  uses[mutator.below(uses.length)]!()
}

/** A connection may fail, but in one way only. */
function excused(outcome: FuzzOutcome, call: () => unknown): void {
  try {
    call()
  } catch (error) {
    if (!(error instanceof DtlsFailure)) throw error
    outcome.failures++
  }
}
