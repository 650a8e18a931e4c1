/** What a datagram that is kept costs beside its frame, in bytes. */
export const DATAGRAM_COST_BYTES = 64
