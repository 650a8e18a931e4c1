import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { listen } from 'connect-ts'
import { Run, runToEnd } from './run-example.ts'
import { answerAtEnd, wireServer } from './wire-server.ts'

const vectors = JSON.parse(readFileSync(new URL('../vectors/connect-rs.json', import.meta.url), 'utf8'))

/** A frame of the blaster: 8 bytes of header, 2 of counter. */
const BLASTER_FRAME_BYTES = 10

function echo(socket: Socket, chunk: Buffer | undefined): void {
  if (chunk === undefined) socket.end()
  else socket.write(chunk)
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

describe('tcp-client', { concurrency: 4 }, () => {
  test("puts the crate's bytes on the wire", async () => {
    const server = await wireServer(echo)
    const client = await runToEnd('tcp-client.ts', server.address)
    assert.equal(client.stderr, '')
    assert.equal(client.stdout, 'Received message: Hello world\n')
    assert.equal(client.code, 0)
    assert.equal(server.received().toString('hex'), vectors.frames[0].frameHex)
  })

  test('fails when the server ends without a reply', async () => {
    const server = await wireServer(socket => socket.end())
    const client = await runToEnd('tcp-client.ts', server.address)
    assert.equal(client.stderr, 'the server ended the connection without a reply\n')
    assert.equal(client.code, 1)
  })

  test('fails with a code when the reply is cut short', async () => {
    const server = await wireServer((socket, chunk) => {
      if (chunk !== undefined) socket.end(chunk.subarray(0, 9))
    })
    const client = await runToEnd('tcp-client.ts', server.address)
    assert.match(client.stderr, /^STREAM_TRUNCATED: .*\n$/)
    assert.equal(client.code, 1)
  })
})

describe('tcp-client-blaster', { concurrency: 4 }, () => {
  test("puts the crate's bytes on the wire", async () => {
    const server = await wireServer(echo)
    const client = await runToEnd('tcp-client-blaster.ts', server.address)
    assert.equal(client.stderr, '')
    assert.equal(client.code, 0)
    assert.equal(server.received().length, vectors.streams[0].totalBytes)
    assert.equal(sha256(server.received()), vectors.streams[0].sha256)
  })

  test('breaks off when it is stopped, and says so', async () => {
    await using server = await listen('tcp://127.0.0.1:0', { receiveQueueBytes: 1 })
    const client = new Run('tcp-client-blaster.ts', [server.address])
    const connection = (await server.accept())!
    assert.equal((await connection.reader.receive())?.byteLength, 2)
    client.kill('SIGTERM')
    assert.equal(await client.exit(), 1)
    assert.equal(client.stderr, 'ABORTED: connection was aborted: stopped by SIGTERM\n')
    await assert.rejects(
      async () => {
        for await (const _ of connection.reader) {
          // nothing
        }
      },
      { code: /CONNECTION_RESET|STREAM_TRUNCATED/ },
    )
  })

  const faults: [string, (frames: Buffer[]) => Buffer[], RegExp][] = [
    [
      'two messages change places',
      frames => [...frames.slice(0, 5000), frames[5001]!, frames[5000]!, ...frames.slice(5002)],
      /^expected message 5000, received 5001\n$/,
    ],
    [
      'a message is missing',
      frames => frames.filter((_, i) => i !== 7000),
      /^expected message 7000, received 7001\n$/,
    ],
    [
      'the last message is missing',
      frames => frames.slice(0, -1),
      /^received only 9999 of 10000 messages\n$/,
    ],
    [
      'a message comes twice',
      frames => [...frames.slice(0, 3), ...frames.slice(2)],
      /^expected message 3, received 2\n$/,
    ],
  ]
  for (const [fault, change, message] of faults) {
    test(`fails when ${fault}`, async () => {
      const server = await wireServer(answerAtEnd(BLASTER_FRAME_BYTES, change))
      const client = await runToEnd('tcp-client-blaster.ts', server.address)
      assert.match(client.stderr, message)
      assert.equal(client.code, 1)
    })
  }
})
