import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'

/** What these tests need of the machine, and the Debian package that has it. */
const tools = {
  cc: { package: 'gcc', there: () => runs('cc', '--version') },
  usrsctp: { package: 'libusrsctp-dev', there: () => compiles('usrsctp.h') },
  libssl: { package: 'libssl-dev', there: () => compiles('openssl/ssl.h') },
  openssl: { package: 'openssl', there: () => runs('openssl', 'version') },
  tsctp: { package: 'libusrsctp-examples', there: () => existsSync(TSCTP) },
  tshark: { package: 'tshark', there: () => runs('tshark', '--version') },
}

export type ToolName = keyof typeof tools

export const TSCTP = '/usr/lib/usrsctp/tsctp'

function runs(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 20_000 })
    return true
  } catch {
    return false
  }
}

function compiles(header: string): boolean {
  return runs('cc', '-fsyntax-only', '-include', header, '-x', 'c', '/dev/null')
}

/**
 * A suite that needs these. Where one is missing, the suite is one test that is skipped and says what is missing, on
 * standard error as well, so that nobody takes a run without it for a run of it.
 */
export function describeWith(names: readonly ToolName[], title: string, suite: () => void): void {
  const missing = names.filter(name => !tools[name].there()).map(name => tools[name].package)
  if (missing.length === 0) {
    describe(title, suite)
    return
  }
  const text = `NOT RUN, for lack of ${missing.join(' and ')}: ${title}`
  console.error(text)
  it(title, { skip: text }, () => {})
}
