import { transferSuite } from './suites/transfer.ts'
import { overDtls } from './support/kinds.ts'

transferSuite(overDtls)
