import type { Arguments } from './arguments.ts'
import { usageError } from './cli-error.ts'

/** The ADDRESS argument. The library checks the rest of it. */
export function addressOf(args: Arguments): string {
  const address = args.positionals[0]!
  if (/^memory:/i.test(address)) {
    throw usageError(
      `address '${address}': memory:// reaches only within one program; use tcp://, tls://, sctp://, dtls-sctp:// or unix://`,
    )
  }
  return address
}
