import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ConnectDatagram, connect } from 'connect-ts'
import { receiveFile } from '../../examples/file-transfer/receive.ts'
import {
  differences,
  type Report,
  reportDatagram,
  sequenceTag,
  TransferCheck,
} from '../../examples/file-transfer/report.ts'
import { faults, sendFile } from '../../examples/file-transfer/send.ts'
import { bounded, runToEnd } from './run-example.ts'
import { type Change, type Changes, listenAndServe, tamperingProxy } from './tampering-proxy.ts'

const folder = mkdtempSync(join(tmpdir(), 'connect-ts-'))
const path = join(folder, 'file')
const bytes = randomBytes(20 * 64 * 1024 + 1)
before(() => writeFileSync(path, bytes))
after(() => rmSync(folder, { recursive: true }))

// The changes go by the place of a datagram, not by its tag, so that each can be made on the way there and again on the
// way back, where it may undo what it did.

/** Which of the 21 datagrams is changed. */
const PLACE = 7
const LAST = 20

const flipOneBit: Change = async function* (datagrams) {
  let place = 0
  for await (const datagram of datagrams) {
    const data = datagram.data.slice()
    if (place++ === PLACE) data[1000]! ^= 1
    yield new ConnectDatagram(datagram.recipient, data)
  }
}

const swapTwo: Change = async function* (datagrams) {
  let place = 0
  let held: ConnectDatagram | undefined
  for await (const datagram of datagrams) {
    if (place === PLACE) held = datagram
    else yield datagram
    if (place === PLACE + 1) yield held!
    place++
  }
}

/** What a fault looks like that leaves the tags in order. */
const swapDataOfTwo: Change = async function* (datagrams) {
  let place = 0
  for await (const datagram of swapTwo(datagrams)) yield new ConnectDatagram(place++, datagram.data)
}

function drop(which: number): Change {
  return async function* (datagrams) {
    let place = 0
    for await (const datagram of datagrams) if (place++ !== which) yield datagram
  }
}

function repeat(which: number): Change {
  return async function* (datagrams) {
    let place = 0
    for await (const datagram of datagrams) {
      yield datagram
      if (place++ === which) yield datagram
    }
  }
}

const atServer = 'at the server: sha256: sent \\w+, received \\w+'
const atClient = 'back at the client: sha256: sent \\w+, received \\w+'
const serverSha256 = new RegExp(`^${atServer}$`)
const clientSha256 = new RegExp(`^${atClient}$`)
const bothSha256 = new RegExp(`^${atServer}; ${atClient}$`)
/** Two swaps undo each other in what comes back; the server tells of the first. */
const serverOrder = new RegExp(`^${atServer}; at the server: datagrams arrived out of order$`)
const reportMissing =
  /^the server ended .* with an echo or the report missing \(datagrams sent: 21, answers: \d+\)$/

/** Sends a file to a server through a proxy that makes the changes, and compares as the client does. */
async function transferThrough(changes: Changes, file = path): Promise<string[]> {
  const server = await listenAndServe('memory://receiver', receiveFile)
  const proxy = await tamperingProxy('memory://proxy', server.address, changes)
  const connection = await connect(proxy.address)
  try {
    return faults(await bounded(sendFile(connection, file), () => 'the transfer goes on'))
  } finally {
    connection.abort()
    await Promise.all([proxy.close(), server.close()])
  }
}

/** What the client says of a transfer with these changes, be it at once or at the end. */
async function assertFound(changes: Changes, message: RegExp, file = path): Promise<void> {
  const found = await transferThrough(changes, file).then(
    faults => faults.join('; '),
    (error: Error) => error.message,
  )
  assert.match(found, message)
}

function check(datagrams: ConnectDatagram[]): Report {
  const transfer = new TransferCheck()
  for (const datagram of datagrams) transfer.add(datagram)
  return transfer.report()
}

describe('the check of a transfer', () => {
  const sent = Array.from({ length: 65_540 }, (_, i) => new ConnectDatagram(sequenceTag(i), `datagram ${i}`))

  test('finds a transfer good whose tags start anew after 65535', () => {
    const report = check(sent)
    const all = sent.map(datagram => datagram.text()).join('')
    assert.deepEqual(report, {
      bytes: all.length,
      datagrams: 65_540,
      inOrder: true,
      sha256: createHash('sha256').update(all).digest('hex'),
    })
    assert.deepEqual(differences(report, check(sent)), [])
  })

  test('finds a byte that was changed', () => {
    const received = [...sent]
    received[3] = new ConnectDatagram(3, 'datagram X')
    const [first, second] = [check(sent), check(received)]
    assert.deepEqual(differences(first, second), [`sha256: sent ${first.sha256}, received ${second.sha256}`])
  })

  test('finds two datagrams that changed places', () => {
    const received = [...sent]
    received.splice(10, 2, sent[11]!, sent[10]!)
    const found = differences(check(sent), check(received))
    assert.equal(found.length, 2)
    assert.match(found[0]!, /^sha256: /)
    assert.equal(found[1], 'datagrams arrived out of order')
  })

  test('finds equal datagrams that changed places', () => {
    const equal = [0, 1, 2].map(tag => new ConnectDatagram(tag, 'x'))
    const received = check([equal[0]!, equal[2]!, equal[1]!])
    assert.deepEqual(differences(check(equal), received), ['datagrams arrived out of order'])
  })

  test('finds a datagram that is missing', () => {
    const found = differences(check(sent), check(sent.slice(0, -1)))
    assert.deepEqual(
      found.map(text => text.split(':')[0]),
      ['bytes', 'datagrams', 'sha256'],
    )
  })
})

describe('a transfer that nobody has touched', () => {
  test('is good', async () => {
    assert.deepEqual(await transferThrough({}), [])
  })

  test('is good for a file whose data looks like a report', async () => {
    const file = join(folder, 'report')
    writeFileSync(file, reportDatagram(check([])).data)
    assert.deepEqual(await transferThrough({}, file), [])
  })
})

describe('a transfer that is changed on its way', () => {
  const missingAt = (tag: number): RegExp =>
    new RegExp(`datagram with tag ${tag} should have come back, not `)
  // Whether the client has ended by then is chance.
  const oneTooMany = new RegExp(
    `${missingAt(21).source}20$|a report was expected, not a datagram of 1 bytes with tag 20$`,
  )

  /** The fault, and what the client finds when it is made on the way there, on the way back, and on both. */
  const cases: [string, Change, RegExp, RegExp, RegExp][] = [
    ['one bit', flipOneBit, bothSha256, clientSha256, serverSha256],
    ['the order of two datagrams', swapTwo, missingAt(7), missingAt(7), serverOrder],
    ['the data of two datagrams', swapDataOfTwo, bothSha256, clientSha256, serverSha256],
    ['a datagram that is dropped', drop(PLACE), missingAt(7), missingAt(7), missingAt(7)],
    ['the last datagram, dropped', drop(LAST), missingAt(20), missingAt(20), reportMissing],
    ['a datagram that comes twice', repeat(PLACE), missingAt(8), missingAt(8), missingAt(8)],
    ['the last datagram, twice', repeat(LAST), oneTooMany, oneTooMany, oneTooMany],
  ]
  for (const [fault, change, there, back, both] of cases) {
    test(`is told from a good one: ${fault}, on the way to the server`, async () => {
      await assertFound({ toServer: change }, there)
    })
    test(`is told from a good one: ${fault}, on the way back`, async () => {
      await assertFound({ toClient: change }, back)
    })
    test(`is told from a good one: ${fault}, on both ways`, async () => {
      await assertFound({ toServer: change, toClient: change }, both)
    })
  }

  test('is told from a good one: the report, dropped', async () => {
    await assertFound({ toClient: drop(LAST + 1) }, reportMissing)
  })

  test('is told from a good one: the report, twice', async () => {
    await assertFound({ toClient: repeat(LAST + 1) }, /^the server sent more after its report$/)
  })

  test('is told from a good one: the only datagram, dropped on the way back', async () => {
    // The report then has the tag that the echo should have.
    const file = join(folder, 'one-datagram')
    writeFileSync(file, 'one')
    await assertFound({ toClient: drop(0) }, /missing \(datagrams sent: 1, answers: 1\)$/, file)
  })

  for (const direction of ['toServer', 'toClient'] as const) {
    for (const [fault, change, message] of [
      ['one bit', flipOneBit, /^the file was changed on its way: .*sha256: sent \w+, received \w+\n$/],
      ['the last datagram, dropped', drop(LAST), /datagram with tag 20 should have come back, not 0\n$/],
    ] as const) {
      test(`makes the client exit with code 1: ${fault}, ${direction}`, async () => {
        const server = await listenAndServe('memory://receiver', receiveFile)
        const proxy = await tamperingProxy('tcp://127.0.0.1:0', server.address, { [direction]: change })
        const client = await runToEnd('file-transfer/client.ts', path, proxy.address)
        assert.match(client.stderr, message)
        assert.doesNotMatch(client.stdout, /ok/)
        assert.equal(client.code, 1)
        await Promise.all([proxy.close(), server.close()])
      })
    }
  }
})
