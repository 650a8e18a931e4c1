import { optionError } from '../option-rules.ts'
import type { TlsConnectOptions } from '../options.ts'
import { asciiHost, nameInCertificate } from './host-name.ts'

/** A name may be that long (RFC 1035, section 2.3.4). OpenSSL does not send a much longer one. */
const LONGEST_NAME = 253

/**
 * What the server's certificate must carry, a name or an IP address: `serverName`, or the host of the address.
 *
 * @throws ConnectError `INVALID_OPTION` if `serverName` can be neither
 */
export function serverNameOf({ serverName }: TlsConnectOptions, host: string): string {
  if (serverName === undefined) return nameInCertificate(host)
  const complain = (complaint: string) => optionError('tls.serverName', complaint)
  const name = nameInCertificate(asciiHost(serverName, complain))
  if (name === '') throw complain(`is no host name: '${serverName}'`)
  if (name.length > LONGEST_NAME)
    throw complain(`has ${name.length} characters; a name has at most ${LONGEST_NAME}`)
  return name
}
