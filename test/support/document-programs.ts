import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The TypeScript programs in a document, by its path in the repository. */
export function programsOf(document: string): string[] {
  const text = readFileSync(join(root, document), 'utf8')
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, program]) => program!)
}

/** Runs a program as a file of the project, so that `connect-ts` is found. */
export async function runProgram(program: string): Promise<{ stdout: string; stderr: string }> {
  const folder = mkdtempSync(join(root, '.document-'))
  try {
    const file = join(folder, 'program.ts')
    writeFileSync(file, program)
    return await promisify(execFile)(process.execPath, ['--import', 'tsx', file], {
      cwd: root,
      timeout: 120_000,
      env: { ...process.env, NODE_TEST_CONTEXT: '' },
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
