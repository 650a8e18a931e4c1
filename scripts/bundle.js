// Compiles the code of src by esbuild into few files, because an import of thirty small ones takes four times as long. What
// is imported when it is first used stays a file of its own.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** @param {string} outdir the folder to write to */
export async function bundle(outdir) {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/index.ts', 'src/cli/main.ts'],
    outdir,
    outbase: 'src',
    bundle: true,
    external: ['koffi'],
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    chunkNames: 'chunks/[name]-[hash]',
    logLevel: 'warning',
  })
}
