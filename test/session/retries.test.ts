import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StreamConnection } from '../../src/connection/connection.ts'
import { ConnectError, ConnectErrorCode } from '../../src/errors.ts'
import { resolveConnectOptions } from '../../src/options.ts'
import { SessionClient } from '../../src/session/session-client.ts'
import { settingsInSession } from '../../src/session/settings.ts'
import { World } from './simulation/world.ts'

/** What the user must change; nothing on the way can cause it. */
const FINAL: ReadonlySet<string> = new Set([
  ConnectErrorCode.INVALID_ADDRESS,
  ConnectErrorCode.INVALID_OPTION,
])

/** A session whose connection has broken, and whose first try to connect again fails like this. */
async function retriedAfter(error: ConnectError): Promise<StreamConnection> {
  const world = new World(3)
  world.serve({ session: true }, () => {})
  const settings = resolveConnectOptions({ session: true })
  let dials = 0
  const dialler = {
    dial: (signal: AbortSignal | undefined) => (++dials === 2 ? Promise.reject(error) : world.dial(signal)),
    redirect() {},
  }
  const { session } = settings
  const client = new SessionClient(settingsInSession(settings, session!), session!, dialler, world.platform)
  let connection: StreamConnection | undefined
  await world.run(
    client.begin().then(begun => {
      connection = begun
    }),
    10_000,
  )
  world.breakAll(() => ({ lateMs: undefined, toldAfterMs: 0 }))
  await world.run(world.platform.sleep(5000), 100_000)
  return connection!
}

describe('a session whose try to connect again fails', () => {
  for (const code of Object.values(ConnectErrorCode)) {
    const outcome = FINAL.has(code) ? 'is lost' : 'tries again'
    it(`${outcome} by ${code}`, async () => {
      const error = new ConnectError(code, 'a try has failed')
      const connection = await retriedAfter(error)
      assert.equal(connection.session!.state, FINAL.has(code) ? 'lost' : 'attached')
      if (!FINAL.has(code)) return
      const lost = await connection.closed.catch(cause => cause)
      assert.equal(lost.cause, error)
    })
  }
})
