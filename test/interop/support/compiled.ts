import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { scratchDirectory } from '../../support/media.ts'

const programs = new Map<string, string>()

/** The path of the program that one of the C files here makes with these libraries; it is made once. */
export function compiled(name: string, ...libraries: string[]): string {
  let program = programs.get(name)
  if (program === undefined) {
    program = join(scratchDirectory(), name)
    const source = fileURLToPath(new URL(`../${name}.c`, import.meta.url))
    const links = libraries.map(library => `-l${library}`)
    execFileSync('cc', ['-O2', '-Wall', '-Werror', '-o', program, source, ...links])
    programs.set(name, program)
  }
  return program
}
