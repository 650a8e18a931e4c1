import type { Arguments } from './arguments.ts'
import { usageError } from './cli-error.ts'

/** The ADDRESS argument. The library checks the rest of it. */
export function addressOf(args: Arguments): string {
  const address = args.positionals[0]!
  if (/^memory:/i.test(address)) {
    throw usageError(
      `address '${withoutPassword(address)}': memory:// reaches only within one program; use tcp://, tls://, sctp://, dtls-sctp:// or unix://`,
    )
  }
  return address
}

/** An argument as a message shows it: if it is an address with a user name and a password, without these. */
export function withoutPassword(argument: string): string {
  return argument.replace(/^(?!unix:\/{3})([a-z][a-z0-9+.-]*:\/\/)?.+@/is, '$1***@')
}
