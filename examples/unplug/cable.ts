import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A network between a client and a server that can be pulled and plugged in again: a proxy on loopback. */
export interface Cable {
  /** Where the client connects to. */
  readonly address: string
  /** Breaks every connection, and refuses further ones until `plug`. */
  pull(): void
  plug(): void
  close(): void
}

export async function layCable(server: string): Promise<Cable> {
  const port = Number(server.slice(server.lastIndexOf(':') + 1))
  const sockets = new Set<Socket>()
  let isPulled = false
  const proxy = createServer(near => {
    if (isPulled) {
      near.resetAndDestroy()
      return
    }
    const far = connect({ host: '127.0.0.1', port })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const address = `tcp://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const breakAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    address,
    pull() {
      isPulled = true
      breakAll()
    },
    plug() {
      isPulled = false
    },
    close() {
      proxy.close()
      breakAll()
    },
  }
}
