import { dtlsSctp } from '../support/media.ts'
import { contract } from './contract.ts'

contract('dtls-sctp', () => dtlsSctp)
