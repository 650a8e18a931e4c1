/** What Node's `inspect`, and what follows it, calls to show an object. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/** What `[INSPECT]` is given to show values with. */
export type Inspect = (value: unknown, options?: object) => string

/** An object by its public name, and what a person wants to know of it. */
export function shownAs(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  options: object,
  inspect: Inspect,
): string {
  return `${name} ${inspect(fields, options)}`
}
