// Writes the programs of worker processes as text into generated/worker.ts beside them, so that no file has to be found at run time.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const runners = new URL('../src/runners/', import.meta.url)

const read = (source) => readFile(new URL(source, runners), 'utf8')

/** Writes only what changed, so that watchers and incremental builds stay quiet. */
async function emit(source, text) {
  const folder = new URL('generated/', new URL(source, runners))
  const file = new URL('worker.ts', folder)
  const module = `// Built from ../${source.split('/').at(-1)} by scripts/build-workers.mjs.\nexport const workerSource =\n  ${JSON.stringify(text)}\n`
  await mkdir(folder, { recursive: true })
  if ((await readFile(file, 'utf8').catch(() => '')) !== module) await writeFile(file, module)
  process.stdout.write(`${source}: ${text.length} characters\n`)
}

/** A TypeScript program with all that it imports, as one CommonJS text for `node -e`. */
async function bundle(source) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(source, runners))],
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

/** A program for Python in several files, after what all of them share. */
const python = async (...sources) => (await Promise.all(['worker/messages.py', ...sources].map(read))).join('\n\n')

await emit('ncnn/engines/python/worker.py', await python('ncnn/engines/python/worker.py'))
await emit('ncnn/engines/native/worker.ts', await bundle('ncnn/engines/native/worker.ts'))
await emit('ncnn/engines/wasm/threads/worker.ts', await bundle('ncnn/engines/wasm/threads/worker.ts'))
await emit('onnx/worker.ts', await bundle('onnx/worker.ts'))
await emit('litert/python/worker.py', await python('litert/python/worker.py'))
await emit('litert/web/worker.ts', await bundle('litert/web/worker.ts'))
await emit('torch/worker.py', await python('torch/script.py', 'torch/pnnx.py', 'torch/worker.py'))
