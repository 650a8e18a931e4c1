// Uses the installed package as a stranger would. Run in the folder where it is installed; ends with 'smoke ok'.
// node smoke.mjs CERTIFICATES with-dtls|without-dtls
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConnectDatagram, ConnectError, connect, listen } from 'connect-ts'

const [certificates, dtls] = process.argv.slice(2)
assert.equal(ConnectError.name, 'ConnectError')
assert.equal(ConnectDatagram.name, 'ConnectDatagram')
assert.notDeepEqual(new ConnectDatagram(1, 'a'), new ConnectDatagram(1, 'b'))
const pem = name => readFileSync(join(certificates, name))

await exchange('tcp://127.0.0.1:0')
await exchange('127.0.0.1:0')
await exchange(`unix://${join(tmpdir(), `connect-ts-smoke-${process.pid}.sock`)}`)
await exchange('memory://smoke')
await exchange('sctp://127.0.0.1:0?udp=0')
await exchange('tls://localhost:0', ...mutualTls())
await refusesClientWithoutCertificate()
if (dtls === 'with-dtls') await exchange('dtls-sctp://127.0.0.1:0', ...mutualTls())
else await saysThatDtlsIsUnavailable()
console.log(`smoke ok on Node ${process.version}`)

function mutualTls() {
  return [
    { tls: { cert: pem('localhost.pem'), key: pem('localhost.key'), ca: pem('ca.pem') } },
    { tls: { ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key') } },
  ]
}

async function exchange(address, listenOptions, connectOptions) {
  const listener = await listen(address, listenOptions)
  const echo = serveOnce(listener)
  const connection = await connect(listener.address, connectOptions)
  for (const length of [1, 65_536, 1_000_000]) {
    const data = new Uint8Array(length).fill(length)
    await connection.writer.send(new ConnectDatagram(7, data))
    const received = await connection.reader.receive()
    assert.equal(received.recipient, 7)
    assert.deepEqual(received.data, data)
  }
  await connection.close()
  await echo
  await listener.close()
}

async function serveOnce(listener) {
  const connection = await listener.accept()
  for await (const datagram of connection.reader) await connection.writer.send(datagram)
  await connection.closed
}

async function refusesClientWithoutCertificate() {
  const rejections = []
  const listener = await listen('tls://localhost:0', {
    tls: { cert: pem('localhost.pem'), key: pem('localhost.key'), ca: pem('ca.pem') },
    onRejected: error => rejections.push(error.code),
  })
  await assert.rejects(async () => {
    const connection = await connect(listener.address, { tls: { ca: pem('ca.pem') } })
    await connection.reader.receive()
  }, ConnectError)
  await listener.close()
  assert.equal(rejections.length, 1)
}

async function saysThatDtlsIsUnavailable() {
  const unavailable = { code: 'TRANSPORT_UNAVAILABLE', message: /npm install koffi@3$/ }
  const [listenOptions, connectOptions] = mutualTls()
  await assert.rejects(listen('dtls-sctp://127.0.0.1:0', listenOptions), unavailable)
  await assert.rejects(connect('dtls-sctp://127.0.0.1:9', connectOptions), unavailable)
}
