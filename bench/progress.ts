const terminal = process.stderr.isTTY

/** What a run tells on standard error: a line that changes on a terminal, one line per case elsewhere. */
export const progress = {
  /** A case begins. */
  begin(text: string): void {
    if (!terminal) process.stderr.write(`${text}\n`)
  },

  /** A run of a case begins. */
  step(text: string): void {
    if (terminal) process.stderr.write(`\r\x1b[K${text}`)
  },

  /** The line that changes is no longer wanted. */
  clear(): void {
    if (terminal) process.stderr.write('\r\x1b[K')
  },

  /** Something that is not as it should be. */
  warn(text: string): void {
    progress.clear()
    process.stderr.write(`WARNING: ${text}\n`)
  },
}
