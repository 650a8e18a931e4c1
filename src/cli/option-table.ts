/** One option of a command: what `parseArgs` accepts and what `--help` shows come from here. */
export interface Option {
  /** The placeholder of its value; without one it is a flag. */
  readonly value?: string
  readonly short?: string
  readonly multiple?: true
  /** A value that must be a whole number in this range. */
  readonly range?: Range
  /** For `--help`; without the default of a range, which is added. */
  readonly text: string
}

export interface Range {
  readonly least: number
  readonly most: number
  readonly fallback: number
}

export type OptionTable = Readonly<Record<string, Option>>

/** What a timer of Node's can wait for. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** The limits of a frame, for ranges and help; the library checks them again. */
export const MAX_RECIPIENT = 65_535
export const MAX_DATA_BYTES = 100_000_000

export const milliseconds = (least: number, fallback: number): Range => ({
  least,
  most: MAX_TIMER_MS,
  fallback,
})

export const commonOptions: OptionTable = {
  json: { text: 'write JSON, one object a line, in place of text' },
  help: { short: 'h', text: 'show this help' },
  version: { short: 'v', text: 'show the version' },
}

const closeOption: OptionTable = {
  'close-timeout-ms': {
    value: 'MS',
    range: milliseconds(1, 10_000),
    text: 'at the end: longest wait for a peer that neither reads nor ends, in ms',
  },
}

const certificateOptions: OptionTable = {
  cert: { value: 'FILE', text: "tls, dtls-sctp: this end's certificate, PEM" },
  key: { value: 'FILE', text: 'tls, dtls-sctp: the key of that certificate, PEM' },
  alpn: {
    value: 'NAME',
    multiple: true,
    text: 'tls, dtls-sctp: application protocol to agree on; may be repeated',
  },
}

const sessionOption: OptionTable = {
  session: { text: 'go on over another connection when one breaks; both ends must have it' },
}

/** Options of the commands that connect. */
export const clientOptions: OptionTable = {
  'connect-timeout-ms': {
    value: 'MS',
    range: milliseconds(1, 10_000),
    text: 'longest time to reach the peer, in ms',
  },
  ...closeOption,
  ...sessionOption,
  ca: { value: 'FILE', text: "tls, dtls-sctp: authorities to trust, PEM, in place of Node's own" },
  ...certificateOptions,
  'server-name': {
    value: 'NAME',
    text: "tls, dtls-sctp: name that the server's certificate must carry (default: the host)",
  },
}

/** Options of the commands that listen. */
export const serverOptions: OptionTable = {
  ...closeOption,
  ...sessionOption,
  ...certificateOptions,
  ca: {
    value: 'FILE',
    text: 'tls, dtls-sctp: every client must have a certificate of these authorities, PEM',
  },
}
