import { dtlsSctp, inSession } from '../support/media.ts'
import { contract } from '../transport/contract.ts'

// What depends on the carrier. The rest is left to sctp:, whose associations are the same: it would take longer here than on
// any other transport.
contract('dtls-sctp, in a session', () => inSession(dtlsSctp), [
  'order',
  'half-close',
  'closing',
  'aborting',
  'listening',
])
