/**
 * What is played, and in how many of 10,000 runs it comes at least; about half of what was seen. So the simulation cannot
 * silently stop to try it.
 */
export const LEAST = {
  break: 4000,
  stall: 3000,
  outage: 1000,
  replay: 1500,
  'frame cut': 500,
  'reset inside a frame': 20,
  'larger than the window': 3500,
  'window of one message': 900,
  'HELLO cut': 700,
  'WELCOME lost, new': 900,
  'WELCOME lost, resumed': 500,
  'cut before it is shown': 300,
  'HELLO too late': 80,
  'bytes after their time': 80,
  silence: 1500,
  PING: 3000,
  'cut at CLOSE': 500,
  'cut at the very end': 200,
  'CLOSE again': 1500,
  'CLOSE with a code': 900,
  'close while the other sends': 1500,
  'close without reading': 400,
  'abort of the client': 400,
  'abort of the server': 400,
  'abort while detached': 60,
  'lost by the client in time': 200,
  'lost by the server in time': 300,
  'lost in closing': 200,
  'lost in closing, detached again and again': 5,
  'retried for less than the outage': 100,
  'server restarted': 500,
  'server restarted twice': 300,
  'server restarted before it is shown': 100,
  'client died': 200,
  'listener closed while attached': 70,
  'listener closed while detached': 30,
  'several clients': 500,
  'refused: unknown': 200,
  'refused: unknown, and tried again': 200,
  'refused: full': 100,
  'refused: ended': 200,
  'refused: lost': 150,
  'final count above the last heard': 100,
  'nobody shown made room': 80,
  'too many detached': 5,
  'too many detached, and never used': 5,
  'never used made room': 5,
  'too many bytes detached': 80,
  'client suspended': 700,
  'server suspended': 700,
  'input behind late timers': 600,
  'read in batches': 1000,
  'trySend found no room': 1500,
  flushed: 1500,
  'unconfirmed at the client': 800,
  'unconfirmed at the server': 600,
  'both unconfirmed': 200,
  'unconfirmed, exactly': 100,
} as const

export type Kind = keyof typeof LEAST

export const KINDS = Object.keys(LEAST) as Kind[]

/** What one run has played. */
export class Coverage {
  readonly kinds = new Set<Kind>()

  note(kind: Kind): void {
    this.kinds.add(kind)
  }
}
