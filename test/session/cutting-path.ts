import type { Medium } from '../support/media.ts'
import * as media from '../support/media.ts'
import { CuttingProxy, STREAM_MISHAPS } from './cutting-proxy.ts'
import { CuttingRelay, DTLS_MISHAPS, SCTP_MISHAPS } from './cutting-relay.ts'
import { type Chance, type CuttingPath, mishapsOf } from './mishaps.ts'

/** The schemes over which something can break. */
export const CUTTABLE: Readonly<Record<string, Medium>> = {
  tcp: media.tcp,
  tls: media.tls,
  unix: media.unix,
  sctp: media.sctp,
  'dtls-sctp': media.dtlsSctp,
}

/** A path to the listener at this address on which mishaps happen by chance, or none of themselves. */
export function cuttingPath(address: string, chance?: Chance): Promise<CuttingPath> {
  const drawn = <Kind extends string>(kinds: readonly Kind[]) => chance && mishapsOf(kinds, chance)
  switch (new URL(address).protocol) {
    case 'sctp:':
      return CuttingRelay.to(address, drawn(SCTP_MISHAPS))
    case 'dtls-sctp:':
      return CuttingRelay.to(address, drawn(DTLS_MISHAPS))
    default:
      return CuttingProxy.to(address, drawn(STREAM_MISHAPS))
  }
}
