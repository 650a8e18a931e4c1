import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { resolveConnectOptions } from '../../src/options.ts'
import { SocketAttempt } from '../../src/transport/socket-dial.ts'
import { connectSocket, type SocketReads } from '../../src/transport/socket-reads.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { runProgram } from '../support/programs/run.ts'
import { rawServer } from '../support/raw-peers.ts'
import { within } from '../support/waiting.ts'

failOnLeaks()

/** Puts a program into a network of its own, in which the system has one port to pick. */
const IN_SMALL_NETWORK =
  `[ -n "$IN_SMALL_NETWORK" ] || IN_SMALL_NETWORK=1 exec unshare --map-root-user --net bash -c '` +
  `ip link set lo up && echo 40000 40000 > /proc/sys/net/ipv4/ip_local_port_range && exec "$@"' bash "$@"`

const isPossible =
  spawnSync('unshare', ['--map-root-user', '--net', 'ip', 'link', 'set', 'lo', 'up']).status === 0
const skip = isPossible
  ? false
  : 'NOT RUN: this machine lets nobody make a network of their own (unshare, ip)'
if (skip) console.error(`${skip}: connections to oneself, on every scheme`)

/** An attempt that uses the port that it connects to, or another that it is given. */
function attemptFrom(port: number, localPort: number): Promise<SocketReads> {
  const attempt = new SocketAttempt<SocketReads>({
    target: { host: '127.0.0.1', port },
    settings: resolveConnectOptions(),
    make: reads => reads,
    open: target => connectSocket({ ...target, localPort }),
  })
  return new Promise<SocketReads>((resolve, reject) => attempt.begin(resolve, reject)).finally(() =>
    attempt.giveUp(),
  )
}

/** A port that nobody has: below those that systems pick. */
function deadPort(): number {
  return randomInt(20_000, 32_000)
}

test('a socket that is connected to itself is a failed attempt, and leaves its port at once', async () => {
  const port = deadPort()
  for (let i = 0; i < 3; i++) {
    await assert.rejects(within(attemptFrom(port, port)), {
      message: `nobody listens on port ${port}: the socket was connected to itself`,
    })
  }
})

test('a socket that is connected to another one is none', async t => {
  const { port } = await rawServer(t)
  const { socket } = await within(attemptFrom(port, deadPort()))
  assert.equal(socket.remotePort, port)
})

test('connect to a dead local port never connects to itself: CONNECT_FAILED, on every scheme', {
  skip,
}, async () => {
  const { outcomes, retried } = (await runProgram('self-connections', { shell: IN_SMALL_NETWORK })) as {
    outcomes: Record<string, string>
    retried: string[]
  }
  assert.equal(Object.keys(outcomes).length, 5)
  for (const [address, outcome] of Object.entries(outcomes)) {
    assert.equal(
      outcome,
      `CONNECT_FAILED: connecting to ${address} failed: nobody listens on port 40000: the socket was connected to itself`,
    )
  }
  const [first, second, received] = retried
  assert.match(String(first), /connected to itself/)
  assert.match(String(second), /connected to itself/)
  assert.equal(received, 'after all')
})
