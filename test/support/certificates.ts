import { readFileSync } from 'node:fs'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

const pair = (path: string): { cert: string; key: string } => ({
  cert: read(`${path}.pem`),
  key: read(`${path}.key`),
})

/** Signed by `ca` unless said otherwise. `scripts/make-certificates.sh` makes them. */
export const certificates = {
  ca: read('examples/certificates/ca.pem'),
  localhost: pair('examples/certificates/localhost'),
  client: pair('examples/certificates/client'),
  /** For the same names as `localhost`, with another key. */
  renewed: pair('test/certificates/renewed'),
  expired: pair('test/certificates/expired'),
  /** Signs itself. */
  notYetValid: pair('test/certificates/not-yet-valid'),
  /** For elsewhere.example. */
  wrongName: pair('test/certificates/wrong-name'),
  /** For `bücher.test`, in its ASCII form, and fe80::1. Signs itself. */
  uncommonNames: pair('test/certificates/uncommon-names'),
  otherCa: read('test/certificates/other-ca.pem'),
  /** Signed by `otherCa`. */
  otherLocalhost: pair('test/certificates/other-localhost'),
}
