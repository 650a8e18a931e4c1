import type { ConnectDatagram } from '../../src/frame/datagram.ts'
import { FrameDecoder } from '../../src/frame/decoder.ts'
import type { Line, Window } from '../../src/session/line.ts'
import { SessionEnd } from '../../src/session/session-end.ts'
import type { SessionEndUser } from '../../src/session/session-end-state.ts'

/** An end of a session, a user who reads when told to, and what came of it. */
export class TestEnd implements SessionEndUser {
  readonly end: SessionEnd
  readonly received: ConnectDatagram[] = []
  readonly log: string[] = []
  /** What was written to the line of the moment, and not delivered. */
  readonly outbox: Uint8Array[] = []
  readonly #decoder = new FrameDecoder(1_000_000)
  #sent = 0
  confirmedBytes = 0
  consumed = 0
  /** Whether all that comes is consumed at once. */
  reads = true
  /** Whether the line keeps what it is given in flight, until `pass`. */
  slow = false
  inFlight = 0

  constructor(role: 'client' | 'server', window: Window) {
    this.end = new SessionEnd({ role, window, maxMessageBytes: 1_000_000 }, this)
  }

  get state(): string {
    return this.end.state.kind
  }

  get error(): string | undefined {
    return this.end.state.kind === 'lost' ? this.end.state.error.code : undefined
  }

  newLine(): Line {
    this.outbox.length = 0
    this.inFlight = 0
    return {
      write: (segments, byteLength) => {
        this.outbox.push(new Uint8Array(Buffer.concat(segments)))
        if (this.slow) this.inFlight += byteLength
        return !this.slow
      },
    }
  }

  /** The line passes on all that it has. */
  pass(): void {
    const { inFlight } = this
    this.inFlight = 0
    this.end.onWritten(inFlight)
  }

  send(...datagrams: ConnectDatagram[]): void {
    for (const datagram of datagrams) {
      const frame = datagram.encode()
      this.end.write([frame], frame.length, ++this.#sent, 0)
    }
  }

  /** The user asks for the next, having read so many. */
  consume(count = this.received.length): void {
    this.consumed = count
    this.end.onConsumed()
  }

  countConsumed(): number {
    return this.consumed
  }

  onFrames(bytes: Uint8Array): void {
    this.#decoder.push(bytes, this.received)
    if (this.reads) this.consume()
  }

  onCut(): void {
    this.#decoder.restart()
  }

  onConfirmed(byteLength: number): void {
    this.confirmedBytes += byteLength
  }

  onPeerEnd(): void {
    this.log.push('peer end')
  }

  onFinish(): void {
    this.log.push('finish')
  }

  onAckWanted(): void {
    this.log.push('ack wanted')
  }

  onOver(): void {
    this.log.push('over')
  }
}

export const WINDOW: Window = { bytes: 100_000, messages: 100 }

/** A client and a server of one session. */
export class JoinedEnds {
  readonly client: TestEnd
  readonly server: TestEnd

  constructor(clientWindow = WINDOW, serverWindow = WINDOW) {
    this.client = new TestEnd('client', clientWindow)
    this.server = new TestEnd('server', serverWindow)
    this.client.end.setPeerWindow(serverWindow)
    this.server.end.setPeerWindow(clientWindow)
  }

  /** A new line carries the session. */
  attach(): void {
    const { client, server } = this
    const [a, b] = [client.end.progress, server.end.progress]
    client.end.attach(client.newLine(), b)
    server.end.attach(server.newLine(), a)
  }

  /** The line breaks; what was under way is gone. */
  break(): void {
    this.client.end.detach()
    this.server.end.detach()
  }

  /** Delivers up to so many bytes towards `to`. */
  deliver(to: 'client' | 'server', bytes = Number.POSITIVE_INFINITY): number {
    const [from, end] = to === 'server' ? [this.client, this.server] : [this.server, this.client]
    const all = new Uint8Array(Buffer.concat(from.outbox.splice(0)))
    const chunk = all.subarray(0, Math.min(bytes, all.length))
    if (chunk.length < all.length) from.outbox.push(all.subarray(chunk.length))
    if (chunk.length > 0) end.end.input(chunk.slice())
    return chunk.length
  }

  /** Delivers until nothing is under way, acknowledging as time would. */
  settle(): void {
    for (let moved = 1; moved > 0; ) {
      moved = this.deliver('server') + this.deliver('client')
      if (moved > 0) continue
      this.client.end.acknowledge()
      this.server.end.acknowledge()
      moved = this.client.outbox.length + this.server.outbox.length
    }
  }
}
