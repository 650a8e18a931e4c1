import type { Arguments } from './arguments.ts'
import { usageError } from './cli-error.ts'
import { didYouMean } from './did-you-mean.ts'

/** Those that reach beyond this program. */
const schemes = ['tcp', 'tls', 'sctp', 'dtls-sctp', 'unix']

/** The ADDRESS argument. The library checks the rest of it. */
export function addressOf(args: Arguments): string {
  const address = args.positionals[0]!
  if (/^memory:/i.test(address)) {
    throw usageError(
      `address '${withoutPassword(address)}': memory:// reaches only within one program; use one of ${schemes.map(asPrefix).join(', ')}`,
    )
  }
  checkScheme(address)
  return address
}

/** @throws CliError `USAGE` for a scheme that looks like one that there is; the library refuses all others */
function checkScheme(address: string): void {
  const scheme = /^([^:/]*):\/\//.exec(address)?.[1]?.toLowerCase()
  if (scheme === undefined || schemes.includes(scheme)) return
  const guess = didYouMean(scheme, schemes, asPrefix)
  if (guess !== '')
    throw usageError(`address '${withoutPassword(address)}': ${asPrefix(scheme)} is not known${guess}`)
}

function asPrefix(scheme: string): string {
  return `${scheme}://`
}

/** An argument as a message shows it: if it is an address with a user name and a password, without these. */
export function withoutPassword(argument: string): string {
  return argument.replace(/^(?!unix:\/{3})([a-z][a-z0-9+.-]*:\/\/)?.+@/is, '$1***@')
}
