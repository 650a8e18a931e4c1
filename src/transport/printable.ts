const MOST_CHARACTERS = 300

/** What a message shows of a peer's text: nothing in it controls a terminal or changes direction, and it has an end. */
export function printable(text: string): string {
  const escaped = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, each => `\\u{${each.codePointAt(0)!.toString(16)}}`)
  return escaped.length > MOST_CHARACTERS ? `${escaped.slice(0, MOST_CHARACTERS)}...` : escaped
}
