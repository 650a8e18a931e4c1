import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * A TCP proxy on loopback that takes as much time as a long way. A kernel on loopback accepts at once, so the round trip
 * that a connection costs is made up for: what the client says first leaves as late as if it had waited for SYN-ACK, and
 * the other end is connected to when the client's ACK would be there.
 */
export class LongWay {
  readonly #server: Server
  readonly #passages = new Set<Passage>()

  private constructor(server: Server, port: number, oneWayMs: number) {
    this.#server = server
    server.on('connection', near => {
      const passage = new Passage(near, port, oneWayMs)
      this.#passages.add(passage)
      near.once('close', () => this.#passages.delete(passage))
    })
  }

  /** @param oneWayMs how long it takes in each direction */
  static async to(address: string, oneWayMs: number): Promise<LongWay> {
    const server = createServer({ noDelay: true })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new LongWay(server, Number(/\d+$/.exec(address)![0]), oneWayMs)
  }

  get address(): string {
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resets all connections at both ends, at once; what is on its way is lost. */
  cut(): void {
    for (const passage of this.#passages) passage.cut()
  }

  close(): void {
    this.#server.close()
    this.cut()
  }
}

/** One connection. When one of its sockets closes, so does the other. */
class Passage {
  readonly #near: Socket
  readonly #there: Lane
  readonly #back: Lane
  #far: Socket | undefined

  constructor(near: Socket, port: number, oneWayMs: number) {
    this.#near = near
    this.#there = new Lane(oneWayMs, 2 * oneWayMs)
    this.#back = new Lane(oneWayMs)
    this.#there.pass(() => this.#open(port))
    near.on('data', chunk => this.#there.pass(() => this.#far!.write(chunk)))
    near.on('error', () => {})
    near.on('close', () => this.cut())
  }

  cut(): void {
    this.#there.close()
    this.#back.close()
    this.#near.resetAndDestroy()
    this.#far?.resetAndDestroy()
  }

  #open(port: number): void {
    const far = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#far = far
    far.on('data', chunk => this.#back.pass(() => this.#near.write(chunk)))
    far.on('error', () => {})
    far.on('close', () => this.cut())
  }
}

/** One direction: what is passed comes out later, in the same order. */
class Lane {
  readonly #oneWayMs: number
  readonly #underWay: (() => void)[] = []
  /** What waits until the lane opens; undefined from then on. */
  #waiting: (() => void)[] | undefined

  /** @param closedMs nothing sets out for so long */
  constructor(oneWayMs: number, closedMs = 0) {
    this.#oneWayMs = oneWayMs
    if (closedMs === 0) return
    this.#waiting = []
    setTimeout(() => this.#open(), closedMs)
  }

  pass(arrive: () => void): void {
    if (this.#waiting === undefined) this.#setOut(arrive)
    else this.#waiting.push(arrive)
  }

  /** Whatever has not come out never does. */
  close(): void {
    this.#underWay.length = 0
    this.#waiting = []
  }

  #open(): void {
    const waiting = this.#waiting!
    this.#waiting = undefined
    for (const arrive of waiting) this.#setOut(arrive)
  }

  #setOut(arrive: () => void): void {
    this.#underWay.push(arrive)
    setTimeout(() => this.#underWay.shift()?.(), this.#oneWayMs)
  }
}
