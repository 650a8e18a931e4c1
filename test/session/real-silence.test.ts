import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { numbered, receiveNumbered } from '../support/data.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { until, within } from '../support/waiting.ts'
import { cutAndResume, openCutPair } from './cut-pair.ts'
import { CUTTABLE } from './cutting-path.ts'

describe('a path that takes everything and brings nothing', () => {
  failOnLeaks(8000)

  for (const [scheme, medium] of Object.entries(CUTTABLE)) {
    it(`is given up for another on ${scheme}, however much is sent into it`, async t => {
      const pair = await openCutPair(t, medium, { client: { silenceTimeoutMs: 100 } })
      const { client, server, path } = pair
      let sent = 0
      const sending = setInterval(() => void client.writer.trySend(numbered(sent++)), 10)
      t.after(() => clearInterval(sending))
      await cutAndResume(pair, () => path.muteAll())
      clearInterval(sending)
      assert(sent >= 5, 'it was sent into')
      await receiveNumbered(server.reader, sent)
      await within(Promise.all([client.close(), server.close()]))
    })

    it(`is given up for another on ${scheme} by a server that sends into it`, async t => {
      // The client is slower to find out, so the server has to.
      const silence = { client: { silenceTimeoutMs: 800 }, server: { silenceTimeoutMs: 100 } }
      const { client, server, path } = await openCutPair(t, medium, silence)
      path.muteAll()
      let sent = 0
      const sending = setInterval(() => void server.writer.trySend(numbered(sent++)), 10)
      t.after(() => clearInterval(sending))
      await until(() => server.session!.state === 'detached', 'the server has given it up')
      clearInterval(sending)
      assert(sent >= 5, 'it was sent into')
      await receiveNumbered(client.reader, sent)
      await within(Promise.all([client.close(), server.close()]))
    })
  }
})
