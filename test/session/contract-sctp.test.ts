import { inSession, sctp } from '../support/media.ts'
import { contract } from '../transport/contract.ts'

contract('sctp, in a session', () => inSession(sctp))
