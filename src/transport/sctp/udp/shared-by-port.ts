import type { PeerAddress } from '../endpoint/peer-address.ts'

/** Something on a UDP port that listeners share. */
export interface OnPort {
  readonly address: PeerAddress
  readonly isClosed: boolean
  /** Told when the port is free again. */
  onClosed: (() => void) | undefined
}

/** What is there already on the UDP ports of this process: to its listeners what the operating system's table is to TCP. */
export class SharedByPort<T extends OnPort> {
  readonly #open: (address: string, port: number) => Promise<T>
  readonly #present = new Map<string, Promise<T>>()

  constructor(open: (address: string, port: number) => Promise<T>) {
    this.#open = open
  }

  /** What is on a port, which is opened if it is not there. Port 0 opens it on a free one. */
  async at(address: string, port: number): Promise<T> {
    for (;;) {
      const found = await this.#find(address, port)
      // Its last user may have left, and closed it, since it was found.
      if (!found.isClosed) return found
    }
  }

  async #find(address: string, port: number): Promise<T> {
    const present = this.#present.get(keyOf(address, port))
    if (present !== undefined) return present
    const opening = this.#open(address, port)
    if (port !== 0) this.#share(address, port, opening)
    const opened = await opening
    if (port === 0) this.#share(address, opened.address.port, opening)
    return opened
  }

  #share(address: string, port: number, opening: Promise<T>): void {
    const key = keyOf(address, port)
    const forget = (): void => {
      if (this.#present.get(key) === opening) this.#present.delete(key)
    }
    this.#present.set(key, opening)
    opening.then(opened => {
      opened.onClosed = forget
    }, forget)
  }
}

function keyOf(address: string, port: number): string {
  return `${address} ${port}`
}
