/** How the program ends. What each code means is in {@link exitCodeTexts}, which `--help` shows. */
export const ExitCode = {
  DONE: 0,
  FAILED: 1,
  USAGE: 2,
  HUNG_UP: 129,
  INTERRUPTED: 130,
  TERMINATED: 143,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

export const exitCodeTexts: readonly (readonly [ExitCode, string])[] = [
  [ExitCode.DONE, 'done; also a server that runs until it is stopped, and was'],
  [ExitCode.FAILED, 'the connection, the transfer or a file failed'],
  [ExitCode.USAGE, 'wrong usage: an unknown command or option, a bad value, a bad address'],
  [ExitCode.HUNG_UP, 'hung up (SIGHUP, a terminal that was closed) before the work was done'],
  [ExitCode.INTERRUPTED, 'interrupted (SIGINT, Ctrl-C) before the work was done'],
  [ExitCode.TERMINATED, 'terminated (SIGTERM) before the work was done'],
]
