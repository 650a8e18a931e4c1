import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a connection or a listener may leave behind. */
const watched = [
  'TCPSocketWrap',
  'TCPServerWrap',
  'PipeWrap',
  'PipeServerWrap',
  'TLSWrap',
  'UDPWrap',
  'Timeout',
]

/**
 * Makes the test file (or the suite that calls it) fail if it leaves a socket, a server or a timer open.
 *
 * @param patienceMs how long what is being closed may take
 */
export function failOnLeaks(patienceMs = 2000): void {
  let atStart: Map<string, number>
  before(() => {
    atStart = openResources()
  })
  after(async () => {
    // What is being closed needs a few turns of the event loop.
    for (let i = 0; i < patienceMs / 10 && leaks(atStart).length > 0; i++) await sleep(10)
    assert.deepEqual(leaks(atStart), [], 'resources left open')
  })
}

function leaks(atStart: Map<string, number>): string[] {
  const now = openResources()
  return watched.filter(kind => (now.get(kind) ?? 0) > (atStart.get(kind) ?? 0))
}

function openResources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}
