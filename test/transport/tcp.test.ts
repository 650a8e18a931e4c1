import { tcp } from '../support/media.ts'
import { contract } from './contract.ts'

contract('tcp', () => tcp)
