import type { ByteStream } from '../transport/byte-stream.ts'

/** What a session writes to: the connection that carries it for now. */
export type Line = Pick<ByteStream, 'write'>

/** What each end of a session takes beyond what it has consumed. */
export interface Window {
  readonly bytes: number
  readonly messages: number
}

/** How much of a direction an end has received whole, and how much of that its user has consumed. */
export interface Progress {
  readonly received: number
  readonly consumed: number
}
