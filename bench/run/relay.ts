import type { Link } from '../job.ts'
import { Lines } from './lines.ts'
import { pathOf, relay } from './native.ts'

/** What a link does to datagrams. */
interface Hardship {
  /** Larger ones are lost: what path MTU discovery ends with. */
  readonly largestBytes: number
  /** Of the others, each way. */
  readonly lostPerMillion: number
}

const hardships: Readonly<Record<Link, Hardship>> = {
  narrow: { largestBytes: 1200, lostPerMillion: 0 },
  lossy: { largestBytes: 1200, lostPerMillion: 10_000 },
}

/** The same datagrams are lost in every run, by their number. */
const SEED = 9260

export interface Relayed {
  readonly relay: Lines
  /** Where to send what is for the receiver. */
  readonly address: string
}

/** Starts a process between sender and receiver, which passes datagrams on. */
export async function startRelay(receiver: string, link: Link): Promise<Relayed> {
  const [, front, udpPort] = /^(sctp:.*\?udp=)(\d+)$/.exec(receiver)!
  const { largestBytes, lostPerMillion } = hardships[link]
  const args = [udpPort!, largestBytes, lostPerMillion, SEED].map(String)
  const started = new Lines(pathOf(relay.name), args)
  const [port] = await started.next('port')
  return { relay: started, address: `${front}${port}` }
}
