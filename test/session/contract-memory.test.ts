import { inSession, memory } from '../support/media.ts'
import { contract } from '../transport/contract.ts'

contract('memory, in a session', () => inSession(memory))
