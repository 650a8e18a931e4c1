import { sctp } from '../support/media.ts'
import { contract } from './contract.ts'

contract('sctp', () => sctp)
