import { echoSuite } from './suites/echo.ts'
import { overDtls } from './support/kinds.ts'

echoSuite(overDtls)
