/**
 * The values of RFC 9260, section 16, where not said otherwise.
 */
export const RTO_INITIAL_MS = 1000

/**
 * The RFC suggests a second, above the longest delay of an acknowledgement. We ask for an immediate one wherever a
 * sender would have to wait (section 3.3.1, the I bit), and peers that do not know of it delay it for 200 ms.
 */
export const RTO_MIN_MS = 300
export const RTO_MAX_MS = 60_000

/** Least time without a SACK before the last chunk is sent again; a busy event loop alone may take some ms. */
export const TAIL_PROBE_MIN_MS = 20

/** In packets: how much more than was acknowledged may leave at once. */
export const MAX_BURST = 4

/**
 * Chunks that are on their way or wait for those before them to be acknowledged, however small they are: what more is
 * written meanwhile shares chunks. Gap blocks can tell of 65,535 (RFC 9260, section 3.3.4).
 */
export const MOST_CHUNKS_IN_FLIGHT = 4096

/** Consecutive retransmissions without an answer before the peer counts as unreachable; there is one path, so of both. */
export const ASSOCIATION_MAX_RETRANS = 10
export const MAX_INIT_RETRANSMITS = 8
export const VALID_COOKIE_LIFE_MS = 60_000
export const SACK_DELAY_MS = 200

/**
 * A SACK is sent at the latest after so many packets with data; the RFC suggests two (section 6.2). Fewer SACKs are
 * cheaper, but where there are too few, one that is lost takes the news of a whole window with it.
 */
export const MOST_UNACKNOWLEDGED_PACKETS = 16

/**
 * The same for some time after a gap or a duplicate, in ms: where packets are lost, the peer's window is small, and it
 * would wait for each SACK.
 */
export const MOST_UNACKNOWLEDGED_AFTER_LOSS = 4
export const AFTER_LOSS_MS = 1000
export const HEARTBEAT_INTERVAL_MS = 30_000

/** T5-shutdown-guard (section 9.2): five times the longest RTO. */
export const SHUTDOWN_GUARD_MS = 5 * RTO_MAX_MS

/** The packet that every path takes (RFC 8899, section 5.1.2), and from which every association starts. */
export const BASE_PACKET_BYTES = 1200

/** What the headers of a packet and of its one DATA chunk take. */
export const DATA_OVERHEAD_BYTES = 12 + 16

/** Most data of one user message that we send; PROTOCOL.md. */
export const MAX_USER_MESSAGE_BYTES = 16_384

/** Says that both ends use the byte stream of PROTOCOL.md (RFC 5061, section 4.1): "cts" and a 1. */
export const ADAPTATION_CODE = 0x63747301

/** Payload protocol identifiers: of the stream's bytes, and of the mark that ends one direction. */
export const BYTES_PROTOCOL = 0
export const END_PROTOCOL = 0x63747302
