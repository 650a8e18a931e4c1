import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { within } from './waiting.ts'

export interface SilentPort {
  readonly number: number
  /** Lets it answer. */
  wake(): void
  free(): void
}

/**
 * A TCP port that does not answer: the listening socket of a stopped process, whose backlog is full. Undefined where the
 * system answers all the same.
 */
export async function silentTcpPort(
  signal: AbortSignal,
  host = '127.0.0.1',
  port = 0,
): Promise<SilentPort | undefined> {
  const source =
    'const s = require("net").createServer(c => c.on("error", () => {}));' +
    `s.listen({ port: ${port}, host: "${host}", backlog: 1 }, () => {` +
    ' require("fs").writeSync(1, String(s.address().port)); process.kill(process.pid, "SIGSTOP") })'
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'ignore'], signal })
  child.on('error', () => {})
  const number = Number(await within(new Promise(resolve => child.stdout.once('data', resolve))))
  const fillers: Socket[] = []
  const free = (): void => {
    for (const filler of fillers) filler.destroy()
    child.kill('SIGKILL')
  }
  const wake = (): void => void child.kill('SIGCONT')
  for (let i = 0; i < 10; i++) {
    const filler = connect({ port: number, host }).on('error', () => {})
    fillers.push(filler)
    const connected = await Promise.race([
      new Promise<boolean>(resolve => filler.once('connect', () => resolve(true))),
      new Promise<boolean>(resolve => setTimeout(resolve, 150, false)),
    ])
    if (!connected) return { number, wake, free }
  }
  free()
  return undefined
}

/** A UDP port that takes all and answers nothing, until the test is over. */
export async function silentUdpPort(t: TestContext, host: string, port: number): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind(port, host)
  await once(socket, 'listening')
  t.after(() => socket.close())
}

/** What becomes of a datagram on its way through a relay: how long it takes, or undefined if it is lost. */
export type Way = (datagram: Buffer, fromClient: boolean) => number | undefined

/** Relays the datagrams of one client between a UDP port and the same port of 127.0.0.1, until the test is over. */
export async function udpRelay(t: TestContext, host: string, port: number, way: Way): Promise<void> {
  const front = createSocket('udp4')
  const back = createSocket('udp4')
  const timers = new Set<NodeJS.Timeout>()
  let client = 0
  const later = (ms: number | undefined, send: () => void): void => {
    if (ms === undefined) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      send()
    }, ms)
    timers.add(timer)
  }
  front.on('message', (datagram, { port: from }) => {
    client = from
    later(way(datagram, true), () => back.send(datagram, port, '127.0.0.1'))
  })
  back.on('message', datagram =>
    later(way(datagram, false), () => front.send(datagram, client, '127.0.0.1', () => {})),
  )
  front.bind(port, host)
  back.bind(0, '127.0.0.1')
  await Promise.all([once(front, 'listening'), once(back, 'listening')])
  t.after(() => {
    for (const timer of timers) clearTimeout(timer)
    front.close()
    back.close()
  })
}
