import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where the process with this id puts its Unix socket. */
export function socketPath(pid: number | undefined = process.pid): string {
  return join(tmpdir(), `connect-ts-bench-${pid}.sock`)
}
