import type { TestContext } from 'node:test'

/** Counts the calls of a method, of all objects of a class, until the test is over. (`mock.method` keeps each call.) */
export function countCalls(
  t: TestContext,
  { prototype }: { readonly prototype: object },
  name: string,
): { taken(): number } {
  const methods = prototype as Record<string, (...args: unknown[]) => unknown>
  const method = methods[name]!
  let count = 0
  methods[name] = function (this: unknown, ...args) {
    count++
    return method.apply(this, args)
  }
  t.after(() => {
    methods[name] = method
  })
  return {
    taken() {
      const taken = count
      count = 0
      return taken
    },
  }
}
