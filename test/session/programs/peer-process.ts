import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freshPath } from '../../support/media.ts'
import { until } from '../../support/waiting.ts'

const PROGRAM = fileURLToPath(new URL('peer.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Take so many messages. */
export interface Order {
  readonly messages: number
}

export type Report =
  | { readonly kind: 'listening'; readonly address: string }
  | { readonly kind: 'taken'; readonly count: number; readonly recipient: number }

/** One end of a session in a process of its own. */
export class PeerProcess {
  readonly #child: ChildProcess
  readonly #log = freshPath('taken')
  /** Of the messages that it has told of, in order. */
  readonly recipients: number[] = []
  /** Where it listens; empty before it does. */
  address = ''

  /** Killed at the end of the test, if not before. */
  constructor(t: TestContext, role: 'listen' | 'connect', address: string) {
    this.#child = fork(PROGRAM, [role, address, this.#log], {
      cwd: ROOT,
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', (report: Report) => this.#onReport(report))
    t.after(() => this.kill())
  }

  /** One that listens by now. */
  static async listening(t: TestContext, address: string): Promise<PeerProcess> {
    const peer = new PeerProcess(t, 'listen', address)
    await until(() => peer.address !== '', 'the process listens')
    return peer
  }

  /** Messages that its user has taken, as it had written down when it was killed. The last may not be consumed. */
  get taken(): number {
    return readFileSync(this.#log).readUInt32LE(0)
  }

  take(messages: number): void {
    this.#child.send({ messages } satisfies Order)
  }

  /** Waits until it has told of so many. */
  async hasTaken(messages: number): Promise<void> {
    await until(() => this.recipients.length >= messages, `the process takes ${messages} messages`)
  }

  /** Fulfils when the process is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    const [, signal] = await once(this.#child, 'exit')
    assert.equal(signal, 'SIGKILL')
  }

  #onReport(report: Report): void {
    if (report.kind === 'listening') this.address = report.address
    else this.recipients.push(report.recipient)
  }
}
