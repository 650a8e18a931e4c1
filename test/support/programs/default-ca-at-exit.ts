// Prints how many native objects are alive when a client without `ca` is freed, and when the process ends.
import { writeSync } from 'node:fs'
import { loadEngine } from '../../../src/transport/dtls-sctp/engine/load-engine.ts'
import { clientOf } from '../../../src/transport/dtls-sctp/peer/credentials.ts'

const engine = await loadEngine()
clientOf(engine, {}).free()
const kept = engine.alive
process.once('exit', () => writeSync(1, JSON.stringify({ kept, atExit: engine.alive })))
