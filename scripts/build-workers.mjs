// Writes the programs of worker processes as text into <engine>/generated/worker.ts, so that no file has to be found at run time.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const engines = new URL('../src/runners/ncnn/engines/', import.meta.url)

/** Writes only what changed, so that watchers and incremental builds stay quiet. */
async function emit(engine, source, text) {
  const folder = new URL(`${engine}/generated/`, engines)
  const file = new URL('worker.ts', folder)
  const module = `// Built from ../${source} by scripts/build-workers.mjs.\nexport const workerSource =\n  ${JSON.stringify(text)}\n`
  await mkdir(folder, { recursive: true })
  if ((await readFile(file, 'utf8').catch(() => '')) !== module) await writeFile(file, module)
  process.stdout.write(`engines/${engine}: ${text.length} characters\n`)
}

/** A TypeScript program with all that it imports, as one CommonJS text for `node -e`. */
async function bundle(source) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(source, engines))],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    minify: true,
    legalComments: 'none',
  })
  return outputFiles[0].text
}

await emit('python', 'worker.py', await readFile(new URL('python/worker.py', engines), 'utf8'))
await emit('native', 'worker.ts', await bundle('native/worker.ts'))
