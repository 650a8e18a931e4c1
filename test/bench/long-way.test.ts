import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { LongWay } from '../../bench/link/long-way.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { turn, until } from '../support/waiting.ts'

/** In mocked time, which passes in steps. */
const ONE_WAY_MS = 100
const STEP_MS = 10

failOnLeaks()

/** A socket, with what has come and whether it has closed. */
interface End {
  readonly socket: Socket
  text: string
  closed: boolean
}

function endOf(socket: Socket): End {
  const end: End = { socket, text: '', closed: false }
  socket.on('data', chunk => {
    end.text += chunk
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    end.closed = true
  })
  return end
}

/** Time for what is on loopback to arrive; time that is mocked stands still. */
async function someTurns(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

describe('a long way', () => {
  const far: End[] = []
  let dial: () => End
  let way: LongWay
  let stop: () => void

  beforeEach(async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    far.length = 0
    const server = createServer(socket => far.push(endOf(socket)))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    way = await LongWay.to(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, ONE_WAY_MS)
    dial = () => endOf(connect(Number(/\d+$/.exec(way.address)![0]), '127.0.0.1'))
    stop = () => {
      way.close()
      server.close()
    }
  })

  afterEach(() => {
    stop()
    mock.timers.reset()
  })

  /** Lets the time of so many ways pass, once what was written is in the proxy. */
  async function pass(ways: number): Promise<void> {
    await someTurns()
    for (let ms = 0; ms < ways * ONE_WAY_MS; ms += STEP_MS) mock.timers.tick(STEP_MS)
  }

  async function joined(): Promise<{ near: End; far: End }> {
    const near = dial()
    const before = far.length
    await until(() => near.socket.readyState === 'open', 'the near end is connected')
    await pass(3)
    await until(() => far.length === before + 1, 'the far end is connected to')
    return { near, far: far[before]! }
  }

  it('reaches the far end after three ways, with what the near end has said at once', async () => {
    const near = dial()
    near.socket.write('hello')
    await until(() => near.socket.readyState === 'open', 'the near end is connected')
    await pass(2.9)
    await someTurns()
    assert.equal(far.length, 0)
    await pass(0.1)
    await until(() => far[0]?.text === 'hello', 'it has come')
  })

  it('takes one way in each direction from then on', async () => {
    const { near, far } = await joined()
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.socket.write('word')
      await pass(0.9)
      await someTurns()
      assert.equal(to.text, '')
      await pass(0.1)
      await until(() => to.text === 'word', 'it has come')
    }
  })

  it('keeps the order', async () => {
    const { near, far } = await joined()
    const words = Array.from({ length: 30 }, (_, i) => `${i} `)
    for (const word of words) {
      near.socket.write(word)
      await pass(0.1)
    }
    await pass(1)
    await until(() => far.text.length === words.join('').length, 'all has come')
    assert.equal(far.text, words.join(''))
  })

  it('loses what is on its way when it is cut, and closes both ends', async () => {
    const { near, far } = await joined()
    near.socket.write('lost')
    far.socket.write('lost')
    await pass(0.5)
    way.cut()
    await until(() => near.closed && far.closed, 'both ends are closed')
    await pass(1)
    assert.deepEqual([near.text, far.text], ['', ''])
  })

  it('carries another connection after a cut', async () => {
    const first = await joined()
    way.cut()
    await until(() => first.far.closed, 'the first is closed')
    const { near, far } = await joined()
    near.socket.write('word')
    await pass(1)
    await until(() => far.text === 'word', 'it has come')
  })
})
