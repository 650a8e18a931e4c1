import { endingSuite } from './suites/ending.ts'
import { overDtls } from './support/kinds.ts'

endingSuite(overDtls)
