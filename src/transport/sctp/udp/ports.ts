import { randomInt } from 'node:crypto'

/** The dynamic ports (RFC 6335, section 6). */
const FIRST = 49_152
const LAST = 65_535

/** A dynamic port that is not in use; undefined if none was found. */
export function freePort(isUsed: (port: number) => boolean = () => false): number | undefined {
  const first = randomInt(FIRST, LAST + 1)
  for (let i = 0; i <= LAST - FIRST; i++) {
    const port = FIRST + ((first - FIRST + i) % (LAST - FIRST + 1))
    if (!isUsed(port)) return port
  }
  return undefined
}
