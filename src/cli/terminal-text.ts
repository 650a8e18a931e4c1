/**
 * What could control a terminal or play tricks on its reader: control and format characters, surrogates that stand
 * alone, what has no meaning, line and paragraph separators. The joiner is part of many emoji.
 */
const UNSAFE = /(?!\u200d)[\p{C}\p{Zl}\p{Zp}]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * A text as one line that no terminal takes for a command, whatever is in it. Escapes are those of JSON, so that JSON
 * stays the same JSON.
 */
export function terminalLine(text: string): string {
  return text.replace(UNSAFE, escaped)
}

/** The same for a text of several lines, which stay. */
export function terminalText(text: string): string {
  return text.replace(UNSAFE, char => (char === '\n' || char === '\t' ? char : escaped(char)))
}

/** Whether line ends and tabs are all that has to be escaped in a text. */
export function isPlainText(text: string): boolean {
  return text.replaceAll(/[\n\r\t]/g, '').search(UNSAFE) === -1
}

function escaped(char: string): string {
  return SHORT[char] ?? [...Array(char.length).keys()].map(i => unitOf(char.charCodeAt(i))).join('')
}

function unitOf(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}
