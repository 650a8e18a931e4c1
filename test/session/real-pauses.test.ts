import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Connection } from '../../src/index.ts'
import { numbered, receiveNumbered } from '../support/data.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { pends, within } from '../support/waiting.ts'
import { cutAndResume, openCutPair } from './cut-pair.ts'
import { CUTTABLE } from './cutting-path.ts'

const MESSAGES = 2000
const BYTES = 100
const WINDOW = { windowBytes: 20_000, windowMessages: 100 }

/** Fulfils when the peer's user has consumed all. */
async function sendAll({ writer }: Connection): Promise<void> {
  for (let i = 0; i < MESSAGES; i++) await writer.send(numbered(i, BYTES))
  await writer.flush()
}

describe('a user who stops reading while the connection breaks', () => {
  failOnLeaks(8000)

  for (const [scheme, medium] of Object.entries(CUTTABLE)) {
    it(`gets everything on ${scheme} once it reads again, and the other direction goes on meanwhile`, async t => {
      const pair = await openCutPair(t, medium, { client: WINDOW, server: WINDOW })
      const { client, server } = pair
      const toServer = sendAll(client)
      const toClient = sendAll(server)
      await receiveNumbered(server.reader, 50, BYTES)
      await receiveNumbered(client.reader, 500, BYTES)
      await cutAndResume(pair)
      await receiveNumbered(client.reader, 1000, BYTES, 500)
      await cutAndResume(pair)
      await receiveNumbered(client.reader, 500, BYTES, 1500)
      void client.reader.receive()
      await within(toClient, 'flush at the server')
      assert(await pends(toServer), 'the client has sent what nobody has consumed')
      await receiveNumbered(server.reader, MESSAGES - 50, BYTES, 50)
      void server.reader.receive()
      await within(toServer, 'flush at the client')
      await within(Promise.all([client.close(), server.close()]))
    })
  }
})
