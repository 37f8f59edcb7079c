// Writes the programs of worker processes as text into <engine>/generated/worker.ts, so that no file has to be found at run time.
import { mkdir, readFile, writeFile } from 'node:fs/promises'

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

await emit('python', 'worker.py', await readFile(new URL('python/worker.py', engines), 'utf8'))
