import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { connectError } from '../../support/errors.ts'
import { sleep } from '../../support/waiting.ts'
import { addressOf, portsOf } from './peer.ts'
import { Program } from './program.ts'
import { TSCTP } from './tools.ts'

/**
 * What tsctp says at the end of a receiver's run and of a sender's. It says very much else, of which a line may be left
 * unfinished before this.
 */
const RESULT = /\d+, \d+, \d+, \d+, \S+, \S+, \d+$|Sending of \d+ messages/

/** The number of an SCTP port is private to each stack, so it can be any. */
const SCTP_PORT = 5001

/** usrsctp's own test program: as a server it counts what it gets, as a client it sends the letter b. */
export class Tsctp extends Program {
  constructor(t: TestContext, ...args: (string | number)[]) {
    super(t, TSCTP, args.map(String), RESULT)
  }

  /** As a server: the end of an association, and how many bytes and messages there were. */
  async received(): Promise<{ bytes: number; messages: number }> {
    const [, messages, bytes] = await this.line(/(\d+), \d+, (\d+), \S+, \S+, \d+$/)
    return { bytes: Number(bytes), messages: Number(messages) }
  }
}

/** It may not listen yet. */
export async function tsctpServer(t: TestContext): Promise<{ tsctp: Tsctp; address: string }> {
  const udp = await freeUdpPort()
  const tsctp = new Tsctp(t, '-L', '127.0.0.1', '-E', udp, '-p', SCTP_PORT)
  return { tsctp, address: addressOf({ udp, sctp: SCTP_PORT }) }
}

export async function tsctpClient(
  t: TestContext,
  address: string,
  { messages, bytes }: { messages: number; bytes: number },
  ...more: string[]
): Promise<Tsctp> {
  const { udp, sctp } = portsOf(address)
  const own = await freeUdpPort()
  return new Tsctp(t, '-E', own, '-U', udp, '-p', sctp, '-n', messages, '-l', bytes, ...more, '127.0.0.1')
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0)
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>(resolve => socket.close(resolve))
  return port
}

/** Connects to a server of which nobody can say when it is ready. */
export async function onceItListens<T>(connects: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await connects()
    } catch (error) {
      connectError(error, 'CONNECT_FAILED')
      if (tries === 200) throw error
    }
    await sleep(20)
  }
}
