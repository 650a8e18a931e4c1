import type { ConnectDatagram } from '../frame/datagram.ts'

/** What has the frames of a lost session. */
interface Frames {
  readonly frames: number
  datagrams(): readonly ConnectDatagram[]
}

/**
 * What was sent in a session that is lost, and not confirmed. There may be hundreds of thousands, for which nobody asks:
 * they are made when somebody does, once for all errors that tell of them.
 */
export class Unconfirmed {
  readonly count: number
  #frames: Frames | undefined
  #datagrams: readonly ConnectDatagram[] = []

  constructor(frames: Frames) {
    this.count = frames.frames
    this.#frames = frames
  }

  get datagrams(): readonly ConnectDatagram[] {
    if (this.#frames !== undefined) {
      this.#datagrams = this.#frames.datagrams()
      this.#frames = undefined
    }
    return this.#datagrams
  }
}
