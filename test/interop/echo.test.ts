import { echoSuite } from './suites/echo.ts'
import { overUdp } from './support/kinds.ts'

echoSuite(overUdp)
