/** Something that must never happen has happened. */
export class Violation extends Error {
  override name = 'Violation'
}

export function must(condition: boolean, what: string | (() => string)): asserts condition {
  if (!condition) throw new Violation(typeof what === 'string' ? what : what())
}
