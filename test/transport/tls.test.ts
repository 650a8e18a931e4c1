import { tls } from '../support/media.ts'
import { contract } from './contract.ts'

contract('tls', () => tls)
