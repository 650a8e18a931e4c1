import { endingSuite } from './suites/ending.ts'
import { overUdp } from './support/kinds.ts'

endingSuite(overUdp)
