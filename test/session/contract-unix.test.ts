import { inSession, unix } from '../support/media.ts'
import { contract } from '../transport/contract.ts'

contract('unix, in a session', () => inSession(unix))
