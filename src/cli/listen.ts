import type { Listener } from '../index.ts'
import { CliError, CliErrorCode } from './cli-error.ts'
import type { Command, Context } from './command.ts'
import { listeningLine } from './echo.ts'
import { ExitCode } from './exit-codes.ts'
import { plural } from './format.ts'
import { whenAborted } from './interrupt.ts'
import { serverOptions } from './option-table.ts'
import { listenBy, type Peer, serve } from './server.ts'
import { openStore, type Store } from './store.ts'
import { Tally } from './tally.ts'

export const listen: Command = {
  name: 'listen',
  synopsis: 'ADDRESS',
  positionals: [1, 1],
  summary: 'print or store what arrives',
  description: `Listens on ADDRESS and prints each datagram on a line: recipient, length, and
the data as text or, if it is no printable UTF-8, its first bytes in hex.

The first line on standard output is "listening on" and the address to connect
to; with port 0 the system picks a free port. With --output the data is stored
byte for byte, one datagram after the other, in the order of arrival. Ctrl-C
ends the program: it ends its connections, and takes what is still under way
until the senders have ended too.

With --json a datagram is an object with connection, recipient, byteLength, and
text, or data in base64 where it is no UTF-8. What becomes of the connections is
told on standard error.

A sender that stops before all was sent breaks its connection off, and that is
told. One that is killed outright may look on tcp and unix like one that has
ended; on tls, sctp, dtls-sctp and with --session it does not.`,
  options: {
    output: {
      value: 'FILE',
      text: "store the data in FILE, emptied first; '-' is standard output, as text if that is a terminal",
    },
    count: {
      value: 'N',
      range: { least: 0, most: Number.MAX_SAFE_INTEGER, fallback: 0 },
      text: 'stop after N datagrams; whoever sends more is cut off; 0 is no limit',
    },
    once: { text: 'take one connection and stop when it has ended; an incomplete one is a failure' },
    ...serverOptions,
  },
  examples: [
    'connect-ts listen tcp://localhost:5678',
    'connect-ts listen tcp://0.0.0.0:5678 --once --output copy.tar',
    'connect-ts listen unix:///tmp/in.sock --json --count 10',
  ],
  run,
}

/**
 * After the last datagram of `--count`: time in which a sender that ends ends in peace, and one that sends more is
 * broken off. Had it been given this end's clean end before, it could believe that everything was taken.
 */
const SURPLUS_GRACE_MS = 200

/** What stops `listen`, and what it came to. */
class Taking {
  readonly #limit: number
  readonly #once: boolean
  readonly #stop = new AbortController()
  /** What has been put where it belongs. */
  readonly stored = new Tally()
  #taken = 0
  #onceEnded = false
  #cutShort = false
  #failure: unknown

  constructor(limit: number, once: boolean) {
    this.#limit = limit
    this.#once = once
  }

  /** Whether the user stopped it before `--count` or `--once` was fulfilled. Without them, there is no such thing. */
  get cutShort(): boolean {
    return this.#cutShort
  }

  /** What went wrong with the one connection of `--once` before all that was asked for had come. */
  get failure(): unknown {
    return this.full ? undefined : this.#failure
  }

  interrupt(): void {
    const bounded = this.#once || this.#limit > 0
    this.#cutShort = bounded && !this.full && !this.#onceEnded
    this.#stop.abort()
  }

  onEnded(error: unknown): void {
    if (!this.#once) return
    this.#onceEnded = true
    this.#failure = error
  }

  get stop(): AbortController {
    return this.#stop
  }

  get full(): boolean {
    return this.#limit > 0 && this.#taken === this.#limit
  }

  /** @throws CliError `NOT_TAKEN` when the limit has been reached */
  count(): void {
    if (this.full) {
      throw new CliError(CliErrorCode.NOT_TAKEN, `more came than --count ${this.#limit} takes`)
    }
    this.#taken++
    if (this.full) this.#stop.abort()
  }
}

async function run(context: Context): Promise<ExitCode> {
  const { args, log, interrupt } = context
  const listener = await listenBy(context)
  const store = await openStoreOf(context, listener)
  const once = args.flag('once')
  const taking = new Taking(args.number('count'), once)
  whenAborted(interrupt.signal, () => taking.interrupt())
  whenAborted(store.broken, () => taking.stop.abort(store.broken.reason))
  await announce(context, listener.address)
  // A session needs the listener to the end: it takes in the connections that follow a break.
  const inSession = args.flag('session')
  await serve({
    listener,
    service: (peer, stopping) => take(peer, stopping, store, taking),
    log,
    stop: taking.stop.signal,
    atOnce: interrupt.atOnce,
    onOpened: () => once && !inSession && void listener.close(),
    onEnded: error => {
      taking.onEnded(error)
      if (once && inSession) void listener.close()
    },
  })
  await store.end()
  const whole = taking.failure === undefined && !taking.cutShort
  if (!whole) tellWhatIsThere(context, taking.stored)
  if (taking.failure !== undefined) throw taking.failure
  return whole ? ExitCode.DONE : interrupt.exitCode
}

/** Opened once this program listens, so that one that cannot listen empties no file. */
async function openStoreOf({ args, stdout }: Context, listener: Listener): Promise<Store> {
  try {
    return await openStore(args, stdout)
  } catch (error) {
    await listener.close()
    throw error
  }
}

function tellWhatIsThere({ args, log }: Context, { datagrams, bytes }: Tally): void {
  const path = args.text('output')
  const name = path === undefined || path === '-' ? 'the output' : path
  const what = `${plural(datagrams, 'datagram')}, ${plural(bytes, 'byte')}`
  log.event(`${name} is incomplete: it holds ${what}`, 'incomplete', { output: path, datagrams, bytes })
}

/** Goes to standard error where standard output carries the data itself. */
async function announce({ args, stdout, log }: Context, address: string): Promise<void> {
  const json = args.flag('json')
  if (args.text('output') === '-') log.event(listeningLine(address, false), 'listening', { address })
  else await stdout.line(listeningLine(address, json)).catch(() => {}) // the store notices it too
}

/** Takes what comes to the peer's end, even when this end has said that it stops: nothing that was sent is lost. */
async function take(peer: Peer, stopping: AbortSignal, store: Store, taking: Taking): Promise<void> {
  const { connection, received } = peer
  let timer: NodeJS.Timeout | undefined
  const forget = whenAborted(stopping, () => {
    const delayMs = taking.full ? SURPLUS_GRACE_MS : 0
    if (stopping.reason instanceof CliError) connection.abort(stopping.reason)
    else timer = setTimeout(() => connection.close().catch(() => {}), delayMs) // the reader throws the same
  })
  try {
    for await (const batch of connection.reader.batches()) {
      for (const datagram of batch) {
        taking.count()
        received.add(datagram.byteLength)
        await store.take(peer.id, datagram)
        taking.stored.add(datagram.byteLength)
      }
    }
    await connection.close()
  } finally {
    clearTimeout(timer)
    forget()
  }
}
