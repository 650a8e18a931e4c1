import type { Socket } from 'node:net'

/** One direction of a connection through a proxy, which can hold back what goes through for a while. */
export class ProxyLane {
  readonly #from: Socket
  readonly #to: Socket
  #held: Buffer[] | undefined
  #timer: NodeJS.Timeout | undefined
  /** Until the operating system has taken what was written. */
  #isWaiting = false
  #hasEnded = false
  #isCut = false

  constructor(from: Socket, to: Socket) {
    this.#from = from
    this.#to = to
    from.on('error', () => {})
    from.on('end', () => this.#onEnd())
    from.on('close', () => this.#onEnd())
    to.on('close', () => this.#letGo())
  }

  /** Whether nothing goes through any more, not even the end. */
  get isCut(): boolean {
    return this.#isCut
  }

  pass(chunk: Buffer): void {
    if (this.#held !== undefined) this.#held.push(chunk)
    else this.#write(chunk)
  }

  /** Holds back what comes from now on for so long. It is read all the same, and outlives the end that it comes from. */
  hold(ms: number): void {
    if (this.#held !== undefined || this.#to.closed) return
    this.#held = []
    this.#timer = setTimeout(() => this.#release(), ms)
  }

  /** What comes from now on is taken, and goes nowhere. */
  cut(): void {
    this.#isCut = true
    this.#from.resume()
    this.#letGo()
  }

  #letGo(): void {
    clearTimeout(this.#timer)
    this.#held = undefined
  }

  #release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const chunk of held) this.#write(chunk)
    if (this.#hasEnded) this.#passEnd()
  }

  #write(chunk: Buffer): void {
    if (!this.#to.writable || this.#to.write(chunk) || this.#isWaiting) return
    this.#isWaiting = true
    this.#from.pause()
    this.#to.once('drain', () => {
      this.#isWaiting = false
      this.#from.resume()
    })
  }

  #onEnd(): void {
    this.#hasEnded = true
    if (this.#isCut) this.#from.destroy()
    else if (this.#held === undefined) this.#passEnd()
  }

  #passEnd(): void {
    if (this.#from.closed) this.#to.destroySoon()
    else this.#to.end()
  }
}
