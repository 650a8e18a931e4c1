import { unix } from '../support/media.ts'
import { contract } from './contract.ts'

contract('unix', () => unix)
