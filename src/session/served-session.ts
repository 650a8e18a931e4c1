import type { ConnectError } from '../errors.ts'
import type { ListenSettings } from '../options.ts'
import type { SecurePlatform } from '../platform.ts'
import type { ListenSessionSettings } from '../session-options.ts'
import type { ByteStream } from '../transport/byte-stream.ts'
import type { Hello } from './control-frame.ts'
import { type SessionOwner, SessionStream } from './session-stream.ts'

/** Who keeps the sessions of a listener. */
export interface SessionHost {
  readonly platform: SecurePlatform
  readonly settings: ListenSettings
  readonly session: ListenSessionSettings
  onShown(session: ServedSession): void
  onDetached(session: ServedSession): void
  /** It keeps another amount, while it may be detached. */
  onKept(session: ServedSession): void
  onOver(session: ServedSession): void
}

/** A session at the end that listens, with what its client must show to come back. */
export class ServedSession implements SessionOwner {
  readonly stream: SessionStream
  /** As hexadecimal digits. */
  readonly key: string
  /** That of the last HELLO that was accepted. */
  epoch: number
  readonly #certificate: string | undefined
  /** Where its client was when it began. */
  readonly network: string
  readonly #host: SessionHost

  constructor(id: string, key: string, hello: Hello, below: ByteStream, network: string, host: SessionHost) {
    this.key = key
    this.epoch = hello.epoch
    this.#certificate = certificateOf(below)
    this.network = network
    this.#host = host
    const { settings, session, platform } = host
    const peerWindow = { bytes: hello.windowBytes, messages: hello.windowMessages }
    const { maxMessageBytes } = settings
    const options = {
      role: 'server',
      id,
      settings: session,
      keptForMs: session.retentionMs,
      maxMessageBytes,
      peerWindow,
    } as const
    this.stream = new SessionStream(options, this, platform, below)
  }

  get id(): string {
    return this.stream.session.id
  }

  /** Whether the peer shows the certificate, or none, with which the session began. */
  isSameClient(below: ByteStream): boolean {
    return certificateOf(below) === this.#certificate
  }

  lose(error: ConnectError): void {
    this.stream.lose(error)
  }

  onSign(): void {
    this.#host.onShown(this)
  }

  onDetached(): void {
    this.#host.onDetached(this)
  }

  onKept(): void {
    this.#host.onKept(this)
  }

  onOver(): void {
    this.#host.onOver(this)
  }
}

function certificateOf({ tls }: ByteStream): string | undefined {
  return tls?.peerCertificate?.fingerprint256
}
