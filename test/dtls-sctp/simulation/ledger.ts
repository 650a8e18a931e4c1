import { must } from '../../sctp/simulation/violation.ts'

/** What each end has given to DTLS: nothing else may come out at the other, and nothing more often. */
export class Ledger {
  readonly #counts = new Map<string, number>()

  put(from: string, to: string, packet: Uint8Array): void {
    const key = keyOf(from, to, packet)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  /** @throws Violation if the packet was not sent, or was taken already */
  take(by: string, from: string, packet: Uint8Array): void {
    const key = keyOf(from, by, packet)
    const count = this.#counts.get(key) ?? 0
    must(count > 0, () => `${by}: a packet that was not sent, or was taken before`)
    this.#counts.set(key, count - 1)
  }
}

function keyOf(from: string, to: string, packet: Uint8Array): string {
  const { buffer, byteOffset, length } = packet
  return `${from} ${to} ${Buffer.from(buffer, byteOffset, length).toString('latin1')}`
}
