import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from './node-errors.ts'

/**
 * Which folder of a path does not exist, or is none, in words: the operating system says the same of all of them.
 * Undefined for any other error, or where all are there.
 */
export async function missingFolder(path: string, error: unknown): Promise<string | undefined> {
  const code = codeOf(error)
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return undefined
  for (const folder of foldersAbove(path)) {
    const found = await stat(folder).catch(codeOf)
    if (found === 'ENOENT') return `the folder ${folder} does not exist`
    if (typeof found === 'string') return undefined
    if (!found.isDirectory()) return `${folder} is not a folder`
  }
  return undefined
}

/** From the outermost on, without the root. */
function foldersAbove(path: string): string[] {
  const folders: string[] = []
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder))
    folders.unshift(folder)
  return folders
}
