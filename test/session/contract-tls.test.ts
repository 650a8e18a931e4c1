import { inSession, tls } from '../support/media.ts'
import { contract } from '../transport/contract.ts'

contract('tls, in a session', () => inSession(tls))
