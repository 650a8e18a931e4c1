import type { Part } from '../mutant.ts'

const association = 'transport/sctp/association'

export const sctp: Part = {
  name: 'sctp',
  suites: [
    'test/sctp/wire/',
    'test/sctp/association/',
    'test/sctp/association-stream',
    'test/sctp/hostile/work',
    'test/sctp/hostile/inbound-bytes',
    'test/sctp/hostile/malformed',
    'test/sctp/hostile/spoofed',
    'test/sctp/hostile/flood',
    'test/sctp/hostile/memory',
    'test/sctp/simulation.test',
  ],
  mutants: [
    {
      file: `${association}/flight.ts`,
      from: '      chunk.skip = tsnDistance(chunk.tsn, to)\n',
      to: '',
      what: 'a peer makes each SACK cost as much as is in flight',
    },
    {
      file: `${association}/flight.ts`,
      from: '      chunk.skip = 1\n      if (isHeld(tsn)) continue',
      to: '      if (isHeld(tsn)) continue',
      what: 'what the peer has dropped is passed over, and never counts as acknowledged again',
    },
    {
      file: `${association}/flight.ts`,
      from: ' && this.#ring.length > KEPT_CHUNKS) this.#ring = []',
      to: ' && this.#ring.length > KEPT_CHUNKS) this.#ring.length = this.#ring.length',
      what: 'memory of a burst is kept for as long as the connection lives',
    },
    {
      file: `${association}/flight.ts`,
      from: '    this.#wireBytes -= onWire(chunk.byteLength)\n',
      to: '',
      what: 'the congestion window fills up with what has arrived',
    },
    {
      file: `${association}/lost-tsns.ts`,
      from: 'isBefore(right, heap[child]!)) child++',
      to: 'isBefore(heap[child]!, right)) child++',
      what: 'what is lost is sent again in the wrong order',
    },
    {
      file: `${association}/loss-detection.ts`,
      from: 'const upTo = this.#isProbeAnswered ? this.#newest : this.#reports[0]',
      to: 'const upTo = this.#isProbeAnswered ? this.#newest : this.#reports[1]',
      what: 'two packets that overtake another cause a retransmission and half the rate',
    },
    {
      file: `${association}/loss-detection.ts`,
      from: 'const upTo = this.#isProbeAnswered ? this.#newest : this.#reports[0]',
      to: 'const upTo = this.#reports[0]',
      what: 'the loss of the end of a burst is found only by the long timer',
    },
    {
      file: `${association}/outbound-data.ts`,
      from: 'if (count >= MOST_CHUNKS_IN_FLIGHT) return false',
      to: 'if (count > MOST_CHUNKS_IN_FLIGHT) return false',
      what: 'one chunk more than is documented',
    },
    {
      file: `${association}/outbound-data.ts`,
      from: '    this.#lookAgainAt = now + this.#rto.ms\n',
      to: '',
      what: 'a peer makes each of its packets cost a walk over all that is in flight',
    },
    {
      file: `${association}/outbound-data.ts`,
      from: 'if (reported < flight.ackedCount) this.#findDropped(sack, now)',
      to: 'if (reported === 0 && reported < flight.ackedCount) this.#findDropped(sack, now)',
      what: 'what the peer has dropped is sent again only when all before it has come',
    },
    {
      file: `${association}/outbound-data.ts`,
      from: '    if (!sack.tellsGaps) return 0\n',
      to: '',
      what: 'SHUTDOWN makes this end send again what has arrived',
    },
    {
      file: `${association}/outbound-data.ts`,
      from: '      if (!chunk.again) this.#roundTripMs = now - chunk.sentAt',
      to: '      this.#roundTripMs = now - chunk.sentAt',
      what: 'a retransmission that was needless makes the time-out far too short',
      survives:
        'T3-rtx forgets the timed chunk anyway; no test sends that chunk again by a fast retransmission',
    },
    {
      file: `${association}/association.ts`,
      from: '        if (!this.#hadSack) this.#obey(exchange.onSack(chunk, now))',
      to: '        this.#obey(exchange.onSack(chunk, now))',
      what: 'one datagram holds thousands of SACKs that are all acted on',
    },
    {
      file: `${association}/association.ts`,
      from: 'this.#sendsZeroChecksum = acceptableToPeer && this.#options.zeroChecksumAcceptable',
      to: 'this.#sendsZeroChecksum = acceptableToPeer || this.#options.zeroChecksumAcceptable',
      what: 'packets without a checksum are dropped by a peer that has not agreed',
    },
    {
      file: `${association}/send-queue.ts`,
      from: '    if (!this.#lastIsSmall) this.#slabRoom = 0\n',
      to: '',
      what: 'bytes are written behind memory that is not in the queue any more',
    },
    {
      file: `${association}/send-queue.ts`,
      from: '    if (!this.#lastIsSmall) {\n      this.#append(segment, true)\n      return\n    }\n',
      to: '    this.#append(segment, true)\n    if (this.#slabRoom === 0) return\n',
      what: '1 MiB of tiny messages takes 15 MiB',
    },
    {
      file: `${association}/inbound-data.ts`,
      from: 'const cost = (isPart ? data.length : packetBytes) + HELD_OVERHEAD_BYTES',
      to: 'const cost = data.length',
      what: 'a peer fills the memory with tiny chunks out of order',
    },
    {
      file: `${association}/inbound-data.ts`,
      from: 'const MOST_HELD_WINDOWS = 1.5',
      to: 'const MOST_HELD_WINDOWS = 1',
      what: 'where the first packet of a window is lost, the last are dropped',
    },
    {
      file: `${association}/inbound-data.ts`,
      from: '      data: isPart ? new Uint8Array(data) : data,',
      to: '      data,',
      what: 'tiny chunks keep whole packets alive',
    },
    {
      file: `${association}/received-tsns.ts`,
      from: 'else if (this.#runs.length >= MOST_RUNS) return false',
      to: 'else if (this.#runs.length > MOST_RUNS) return false',
      what: 'one run more than is documented',
    },
    {
      file: `${association}/cookie.ts`,
      from: '    writeU16(message, FIELDS_BYTES + 2, peerPort)\n',
      to: '',
      what: 'a cookie is good for associations between other ports',
    },
    {
      file: `${association}/cookie.ts`,
      from: '    this.#keys = [key, ...this.#keys.slice(0, 1)]',
      to: '    this.#keys = [key]',
      what: 'once a minute, those who connect at that moment are left without an answer',
    },
    {
      file: 'transport/sctp/endpoint/endpoint.ts',
      from: 'return Math.min(BASE_PACKET_BYTES, MOST_AMPLIFICATION * initBytes)',
      to: 'return BASE_PACKET_BYTES',
      what: 'a listener multiplies what is sent in the name of a victim',
      equivalent:
        'a cookie of 49 bytes and reports of 4 bytes more than they take keep to three times by themselves',
    },
    {
      file: 'transport/sctp/endpoint/endpoint.ts',
      from: 'localTieTag: ties?.local ?? 0,\n      peerTieTag: ties?.peer ?? 0,',
      to: 'localTieTag: ties === undefined ? 0 : association!.localTag,\n      peerTieTag: ties === undefined ? 0 : association!.peerTag,',
      what: 'the tags of an association are told to whoever sends an INIT in the name of its peer',
    },
    {
      file: 'transport/sctp/endpoint/endpoint.ts',
      from: 'if (this.#used.has(state.localTag)) {',
      to: 'if (this.#used.has(state.peerTag)) {',
      what: 'a copy of a handshake makes another connection, with its data',
    },
    {
      file: 'transport/sctp/endpoint/endpoint.ts',
      from: 'if (named !== undefined && named.peer.address !== peer.address) return',
      to: '',
      what: 'who has seen a tag takes the connection over from anywhere',
    },
    {
      file: 'transport/sctp/stream/inbound-bytes.ts',
      from: '    if (index === 0 && from === 0) return\n',
      to: '',
      what: 'each packet costs as much as waits for a reader that has paused',
    },
    {
      file: 'transport/sctp/wire/causes.ts',
      from: ' && causes.length < MOST_CAUSES',
      to: '',
      what: 'a datagram full of causes makes sixteen thousand objects',
    },
    {
      file: 'transport/sctp/wire/sack-chunk.ts',
      from: 'if (start <= before || end < start) return false',
      to: 'if (start < before || end < start) return false',
      what: 'a SACK that contradicts itself is believed',
    },
  ],
}
