import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP proxy on loopback that breaks what goes through it. */
export class CuttingProxy {
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  cuts = 0

  private constructor(server: Server, target: number, bytesUntilCut: () => number) {
    this.#server = server
    server.on('connection', near =>
      this.#join(near, connect({ host: '127.0.0.1', port: target }), bytesUntilCut()),
    )
  }

  /** @param bytesUntilCut says of each connection after how many bytes, of both directions, it breaks */
  static async to(address: string, bytesUntilCut: () => number): Promise<CuttingProxy> {
    const server = createServer({ noDelay: true })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new CuttingProxy(server, Number(new URL(address.replace('tcp:', 'http:')).port), bytesUntilCut)
  }

  get address(): string {
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Breaks all that goes through. */
  cutAll(): void {
    for (const pair of this.#pairs) this.#cut(pair)
  }

  close(): void {
    this.#server.close()
    this.cutAll()
  }

  #join(near: Socket, far: Socket, bytes: number): void {
    const pair = [near, far] as const
    this.#pairs.add(pair)
    let left = bytes
    for (const [from, to] of [pair, [far, near]] as const) {
      from.on('data', chunk => {
        if (left <= 0) return
        const part = chunk.subarray(0, left)
        left -= part.length
        if (!to.write(part)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
        if (left <= 0) this.#cut(pair)
      })
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroy()
        this.#pairs.delete(pair)
      })
    }
  }

  /** By turns with a reset, with an end, and without a word to one of the two for a while. */
  #cut([near, far]: readonly [Socket, Socket]): void {
    this.cuts++
    if (this.cuts % 3 === 0) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    } else if (this.cuts % 3 === 1) {
      near.destroy()
      far.destroy()
    } else near.resetAndDestroy()
  }
}
