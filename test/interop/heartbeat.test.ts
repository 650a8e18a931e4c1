import { it } from 'node:test'
import { assertCleanEnd, receiveNumbered, sendNumbered } from '../support/data.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { until, within } from '../support/waiting.ts'
import { CHUNK, type ChunkName } from './support/chunks.ts'
import { assertEndedByShutdown } from './support/expected.ts'
import { joinedByRelay, ROLES } from './support/joined.ts'
import { overUdp } from './support/kinds.ts'
import { describeWith } from './support/tools.ts'

describeWith(['cc', 'usrsctp'], 'on a quiet connection with usrsctp', () => {
  failOnLeaks()

  for (const role of ROLES) {
    it(`each end asks and answers: usrsctp as ${role}`, async t => {
      const passes = (): 'passes' => 'passes'
      const ours = { keepAliveDelayMs: 50 }
      const { connection, peer, relay } = await joinedByRelay(
        t,
        overUdp,
        role,
        'echo',
        passes,
        { heartbeat: 50 },
        ours,
      )
      const count = (fromServer: boolean, type: ChunkName): number =>
        relay.datagrams.filter(one => one.fromServer === fromServer && one.payload[12] === CHUNK[type]).length
      for (const end of [true, false]) {
        await until(() => count(end, 'HEARTBEAT') >= 2 && count(end, 'HEARTBEAT_ACK') >= 2, 'heartbeats')
      }
      const sent = sendNumbered(connection.writer, 10)
      await receiveNumbered(connection.reader, 10)
      await sent
      await within(connection.close(), 'close')
      await assertCleanEnd(connection.reader)
      await assertEndedByShutdown(peer, 10, 16)
    })
  }
})
