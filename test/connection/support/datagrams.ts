import { ConnectDatagram } from '../../../src/frame/datagram.ts'
import { someBytes } from '../../frame/support.ts'
import { concat, twinEncode } from '../../frame/twin.ts'

/** A datagram of a number of data bytes; its recipient is also the seed of its data. */
export function datagram(recipient: number, byteLength = 4): ConnectDatagram {
  return new ConnectDatagram(recipient, someBytes(byteLength, recipient + 1))
}

export function datagrams(count: number, byteLength = 4): ConnectDatagram[] {
  return Array.from({ length: count }, (_, i) => datagram(i, byteLength))
}

/** The stream of bytes that these are, by the twin. */
export function wire(...list: readonly ConnectDatagram[]): Uint8Array {
  return concat(list.map(twinEncode))
}

export function recipients(list: readonly ConnectDatagram[] | undefined): number[] | undefined {
  return list?.map(({ recipient }) => recipient)
}
