import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const src = fileURLToPath(new URL('../../src/', import.meta.url))

/** Every source file of the library, by its path below src/. */
export function sourcesOfLibrary(): Map<string, string> {
  const paths = readdirSync(src, { recursive: true }).map(path => String(path).replaceAll('\\', '/'))
  const files = paths.filter(path => path.endsWith('.ts'))
  return new Map(files.map(path => [path, readFileSync(join(src, path), 'utf8')]))
}

/** The library, compiled into a folder where nothing else is. */
export class CompiledCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'connect-ts-copy-'))

  constructor() {
    this.write('package.json', '{ "type": "module" }')
    const compilerOptions: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    }
    for (const [path, source] of sourcesOfLibrary()) {
      const { outputText } = ts.transpileModule(source, { compilerOptions })
      this.write(path.replace(/\.ts$/, '.js'), outputText)
    }
  }

  /** Returns the whole path. */
  write(path: string, text: string): string {
    const target = join(this.folder, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
    return target
  }

  /** A file or a folder, if it is there. */
  delete(path: string): void {
    rmSync(join(this.folder, path), { recursive: true, force: true })
  }

  remove(): void {
    this.delete('.')
  }
}
