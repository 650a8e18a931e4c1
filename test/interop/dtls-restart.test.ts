import { restartSuite } from './suites/restart.ts'
import { overDtls } from './support/kinds.ts'

restartSuite(overDtls)
