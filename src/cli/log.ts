import { codeOf, messageOf } from './cli-error.ts'
import { terminalLine } from './terminal-text.ts'

/** Standard error: for people, or one JSON object a line. No text of a peer's reaches a terminal as a command. */
export class Log {
  readonly #json: boolean

  constructor(json: boolean) {
    this.#json = json
    // Whoever read standard error may have gone; that stops nothing.
    process.stderr.on('error', () => {})
  }

  /** Something has happened. `fields` say the same as `text`. */
  event(text: string, event: string, fields: object = {}): void {
    this.#line(this.#json ? JSON.stringify({ event, ...fields }) : text)
  }

  /** A word to the person at the terminal; left out of JSON. */
  note(text: string): void {
    if (!this.#json) this.#line(`connect-ts: ${text}`)
  }

  /** What made the program fail. */
  failure(error: unknown): void {
    const code = codeOf(error)
    const message = messageOf(error)
    this.#line(this.#json ? JSON.stringify({ error: { code, message } }) : `connect-ts: ${code}: ${message}`)
  }

  #line(text: string): void {
    process.stderr.write(`${terminalLine(text)}\n`)
  }
}
