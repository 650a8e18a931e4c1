import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until, within } from '../../../support/waiting.ts'

const file = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url))
const ca = file('examples/certificates/ca.pem')
const cert = file('examples/certificates/localhost.pem')
const key = file('examples/certificates/localhost.key')

/** Why tests with the program `openssl` cannot be run here; false if they can. */
export const noOpenssl: string | false =
  spawnSync('openssl', ['version']).status === 0 ? false : 'there is no program openssl'

/** `openssl s_client`; returns what it says once it is done. */
export async function opensslClient(
  t: TestContext,
  address: string,
  args: readonly string[],
): Promise<string> {
  const { port } = new URL(address)
  const [child, said] = run(t, ['s_client', ...args, '-connect', `127.0.0.1:${port}`, '-CAfile', ca])
  await within(once(child, 'close'), 'openssl s_client')
  return said()
}

/** `openssl s_server`, waiting for a client; returns the address of it. */
export async function opensslServer(t: TestContext, args: readonly string[]): Promise<string> {
  const [, said] = run(t, ['s_server', ...args, '-accept', '127.0.0.1:0', '-cert', cert, '-key', key])
  const port = (): string | undefined => /ACCEPT .*:(\d+)/.exec(said())?.[1]
  await until(() => port() !== undefined, 'openssl s_server is ready')
  return `dtls-sctp://127.0.0.1:${port()}`
}

/** It runs until the test is over at the longest, and has an input that does not end. */
function run(t: TestContext, args: readonly string[]): [ChildProcess, () => string] {
  const child = spawn('openssl', args)
  let said = ''
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', chunk => {
      said += chunk
    })
  }
  t.after(() => {
    child.kill('SIGKILL')
  })
  return [child, () => said]
}
