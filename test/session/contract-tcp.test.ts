import { inSession, tcp } from '../support/media.ts'
import { contract } from '../transport/contract.ts'

contract('tcp, in a session', () => inSession(tcp))
