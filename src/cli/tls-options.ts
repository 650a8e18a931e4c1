import { readFile } from 'node:fs/promises'
import type { TlsConnectOptions, TlsListenOptions } from '../index.ts'
import type { Arguments } from './arguments.ts'
import { fileError, usageError } from './cli-error.ts'

/**
 * The TLS options that were given, their files read; nothing if none was given.
 *
 * The library checks them, so that a wrong combination gets one message, wherever it comes from.
 */
export async function tlsOptions<T extends TlsConnectOptions | TlsListenOptions>(
  args: Arguments,
): Promise<{ tls?: T }> {
  const tls: Record<string, unknown> = {}
  for (const name of ['ca', 'cert', 'key']) {
    const path = args.text(name)
    if (path !== undefined) tls[name] = await readPem(name, path)
  }
  const serverName = args.text('server-name')
  if (serverName !== undefined) tls['serverName'] = serverName
  const alpnProtocols = args.texts('alpn')
  if (alpnProtocols.length > 0) tls['alpnProtocols'] = alpnProtocols
  return Object.keys(tls).length === 0 ? {} : { tls: tls as unknown as T }
}

async function readPem(option: string, path: string): Promise<string> {
  // It may be a key, and is not echoed.
  if (path.includes('-----BEGIN ')) throw usageError(`--${option} takes the name of a file, not its content`)
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw fileError(`cannot read --${option} ${path}`, cause)
  }
}
