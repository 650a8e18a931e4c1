#!/usr/bin/env node
import { runProgram } from './program.ts'

// The exit code is set and the loop left to run dry, so that pending output is not cut off.
process.exitCode = await runProgram(process.argv.slice(2))
