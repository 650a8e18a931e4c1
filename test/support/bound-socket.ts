import type { TestContext } from 'node:test'

interface Pipe {
  onconnection: (status: number, accepted: Pipe | undefined) => void
  bind(path: string): number
  listen(backlog: number): number
  close(): void
}

interface PipeWrap {
  readonly Pipe: new (type: number) => Pipe
  readonly constants: { readonly SOCKET: number }
}

/**
 * A Unix socket that is bound to a path and does not listen yet, which Node's own API cannot make. Once it listens, it
 * closes what it accepts.
 */
export function boundSocket(t: TestContext, path: string): Pipe {
  const { binding } = process as unknown as { binding(name: 'pipe_wrap'): PipeWrap }
  const { Pipe, constants } = binding('pipe_wrap')
  const pipe = new Pipe(constants.SOCKET)
  pipe.onconnection = (_, accepted) => accepted?.close()
  const status = pipe.bind(path)
  if (status !== 0) throw new Error(`bind answered ${status}`)
  t.after(() => pipe.close())
  return pipe
}
