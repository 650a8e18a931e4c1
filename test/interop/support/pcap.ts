import type { Datagram } from './relay.ts'

/** The ports that a capture shows, whichever they were: tshark takes some for those of other protocols. */
export const SERVER_PORT = 9899
export const CLIENT_PORT = 9900

/** The packets begin with the IP header. */
const LINKTYPE_RAW = 101
const IP_BYTES = 20
const UDP_BYTES = 8
const UDP = 17

/** A capture file (the format of libpcap) of datagrams on 127.0.0.1, one millisecond apart. */
export function pcapOf(datagrams: readonly Datagram[]): Uint8Array {
  return Buffer.concat([fileHeader(), ...datagrams.map(record)])
}

function fileHeader(): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(0xffff, 16)
  header.writeUInt32LE(LINKTYPE_RAW, 20)
  return header
}

function record(datagram: Datagram, index: number): Buffer {
  const packet = ipPacket(datagram)
  const header = Buffer.alloc(16)
  header.writeUInt32LE(Math.floor(index / 1000), 0)
  header.writeUInt32LE((index % 1000) * 1000, 4)
  header.writeUInt32LE(packet.length, 8)
  header.writeUInt32LE(packet.length, 12)
  return Buffer.concat([header, packet])
}

/** Without checksums of IP and UDP: 0 says that there is none in UDP, and tshark does not check that of IP. */
function ipPacket({ fromServer, payload }: Datagram): Buffer {
  const headers = Buffer.alloc(IP_BYTES + UDP_BYTES)
  headers[0] = 0x45
  headers.writeUInt16BE(IP_BYTES + UDP_BYTES + payload.length, 2)
  headers[8] = 64
  headers[9] = UDP
  headers.writeUInt32BE(0x7f000001, 12)
  headers.writeUInt32BE(0x7f000001, 16)
  headers.writeUInt16BE(fromServer ? SERVER_PORT : CLIENT_PORT, 20)
  headers.writeUInt16BE(fromServer ? CLIENT_PORT : SERVER_PORT, 22)
  headers.writeUInt16BE(UDP_BYTES + payload.length, 24)
  return Buffer.concat([headers, payload])
}
