import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { bytesOf } from '../../support/data.ts'
import { sleep } from '../../support/waiting.ts'
import { chunk, data, Type } from '../support/chunks.ts'
import { accepted, HAND_TSN } from '../support/hand-peer.ts'
import { Site } from '../support/site.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const MIB = 1024 * 1024

async function usedBytes(): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    await sleep(5)
    collect()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    least = Math.min(least, arrayBuffers + heapUsed)
  }
  return least
}

const padding = chunk(Type.PAD, 0, new Uint8Array(60_000))

test('what waits for its turn keeps no packet alive, and is bounded by the window', async () => {
  const peer = accepted(new Site({ windowBytes: 100_000 }))
  const before = await usedBytes()
  for (let i = 1; i < 3000; i++) {
    peer.site.receive(peer.encode([data({ tsn: (HAND_TSN + 2 * i) >>> 0, data: bytesOf(1) }), padding]))
    peer.site.sent.length = 0
  }
  const grown = (await usedBytes()) - before
  assert.ok(grown < 2 * MIB, `${(grown / MIB).toFixed(1)} MiB`)
  assert.equal(peer.member.association.state, 'ESTABLISHED')
})
