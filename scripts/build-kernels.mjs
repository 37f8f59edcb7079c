// Compiles the AssemblyScript kernels and writes each module as base64 into src/kernels/generated/<name>.ts.
// Base64 inside the JavaScript, because no file look-up survives every bundler and test runner.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const kernels = new URL('../src/kernels/', import.meta.url)
const generated = new URL('generated/', kernels)

/** Compiles `assembly/<source>.ts`; the module imports its memory and brings no runtime and no start-up work. */
async function compile(source, flags) {
  let wasm
  const { error, stderr } = await asc.main(
    [
      fileURLToPath(new URL(`assembly/${source}.ts`, kernels)),
      '--outFile=module.wasm',
      '--runtime=stub',
      '--importMemory',
      '--enable=simd',
      ...flags,
      '--optimizeLevel=3',
      '--shrinkLevel=0',
      '--noAssert',
      '--use=abort=',
    ],
    {
      writeFile: (file, contents) => {
        if (file.endsWith('.wasm')) wasm = contents
      },
    },
  )
  if (error) throw new Error(`${source}: ${error.message}\n${stderr}`)
  return wasm
}

/** Writes only what changed, so that watchers and incremental builds stay quiet. */
async function emit(name, source, wasm) {
  const file = new URL(`${name}.ts`, generated)
  const text = `// Built from ../assembly/${source}.ts by scripts/build-kernels.mjs: ${wasm.length} bytes.\nexport const wasmBase64 =\n  '${Buffer.from(wasm).toString('base64')}'\n`
  if ((await readFile(file, 'utf8').catch(() => '')) !== text) await writeFile(file, text)
  process.stdout.write(`kernels/${name}: ${wasm.length} bytes\n`)
}

await mkdir(generated, { recursive: true })
/** The import of a memory that has a maximum can be turned into that of a shared one: see ../src/kernels/instantiate.ts. */
const maximum = '--maximumMemory=65536'

const modules = [
  { name: 'compare', source: 'compare', flags: [] },
  { name: 'ncnn', source: 'ncnn', flags: [maximum] },
  { name: 'ncnn-relaxed', source: 'ncnn', flags: [maximum, '--enable=relaxed-simd'] },
]
for (const { name, source, flags } of modules) await emit(name, source, await compile(source, flags))
