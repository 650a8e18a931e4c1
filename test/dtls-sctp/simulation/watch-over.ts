import type { Association } from '../../../src/transport/sctp/association/association.ts'
import { FlowWatch } from '../../sctp/simulation/flow-watch.ts'
import { must } from '../../sctp/simulation/violation.ts'

/** A burst that is longer does not end. */
const MOST_AT_ONCE = 5000

/** Has an association watched that others drive. */
export function watchOver(name: string, association: Association, peerWindow: number): FlowWatch {
  const { localTag, localInitialTsn, input, output, onTimeout } = association
  const watched = {
    localTag,
    localInitialTsn,
    get figures() {
      return association.figures
    },
    output: (now: number) => output.call(association, now),
  }
  const watch = new FlowWatch(name, watched, peerWindow)
  let burst = 0
  association.input = (packet, now) => {
    if (association.state !== 'CLOSED') watch.onInput(packet)
    input.call(association, packet, now)
  }
  association.onTimeout = now => {
    watch.onTimeout()
    onTimeout.call(association, now)
  }
  association.output = now => {
    const packet = watch.output(now)
    burst = packet === undefined ? 0 : burst + 1
    must(burst < MOST_AT_ONCE, `${name}: a burst without end`)
    return packet
  }
  return watch
}
