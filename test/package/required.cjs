// Uses the installed package from a CommonJS program. Run in the folder where it is installed; ends with 'required ok'.
const assert = require('node:assert/strict')
const { ConnectDatagram, ConnectError, connect, listen } = require('connect-ts')

process.on('warning', warning => assert.fail(`Node warns: ${warning}`))

async function main() {
  const listener = await listen('tcp://127.0.0.1:0')
  const connection = await connect(listener.address)
  await connection.writer.send(new ConnectDatagram(7, 'text'))
  const peer = await listener.accept()
  assert.equal((await peer.reader.receive()).text(), 'text')
  await Promise.all([connection.close(), peer.close(), listener.close()])
  await assert.rejects(connect(listener.address), ConnectError)
  // One copy of the package, however it is loaded.
  assert.equal((await import('connect-ts')).ConnectError, ConnectError)
  console.log(`required ok on Node ${process.version}`)
}

main()
