import { memory } from '../support/media.ts'
import { contract } from './contract.ts'

contract('memory', () => memory)
