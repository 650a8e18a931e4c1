import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'

/** More than a transport has files. */
const ENOUGH_DESCRIPTORS = 16

/** Before Node 24, an import fails for ever once a file that it needs could not be read. */
const KEEPS_FAILURES = Number.parseInt(process.versions.node, 10) < 24

/**
 * Loads what is not needed before it is first used. Where that fails, it is tried again at the next use: on a runtime
 * that would not, nothing is begun while the process lacks the file descriptors for it.
 *
 * @throws whatever the import throws, or the error of a file that cannot be opened
 */
export async function loadLater<T>(load: () => Promise<T>, keepsFailures = KEEPS_FAILURES): Promise<T> {
  if (keepsFailures) checkDescriptors()
  return load()
}

function checkDescriptors(): void {
  const opened: number[] = []
  try {
    while (opened.length < ENOUGH_DESCRIPTORS) opened.push(openSync(devNull, 'r'))
  } finally {
    for (const descriptor of opened) closeSync(descriptor)
  }
}
