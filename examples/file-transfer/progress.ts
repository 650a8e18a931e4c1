import type { WriteStream } from 'node:tty'

/** On a terminal, how often the line is redrawn; anywhere else, how often a line is added. */
const REDRAW_MS = 100
const ADD_LINE_MS = 1000

const CLEAR_LINE = '\r\x1b[K'

/** Shows `text()` again and again until the function that it returns is called. */
export function showProgress(
  text: () => string,
  out: WriteStream = process.stdout as WriteStream,
): () => void {
  const draw = out.isTTY
    ? () => out.write(CLEAR_LINE + text().slice(0, (out.columns || 80) - 1))
    : () => out.write(`${text()}\n`)
  const timer = setInterval(draw, out.isTTY ? REDRAW_MS : ADD_LINE_MS)
  return () => {
    clearInterval(timer)
    if (out.isTTY) out.write(CLEAR_LINE)
  }
}
