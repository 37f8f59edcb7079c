// Compiles the AssemblyScript kernels and writes each module as base64 into src/kernels/generated/<name>.ts.
// Base64 inside the JavaScript, because no file look-up survives every bundler and test runner. What is up to date stays.
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const kernels = new URL('../src/kernels/', import.meta.url)
const generated = new URL('generated/', kernels)

/** The import of a memory that has a maximum can be turned into that of a shared one: see ../src/kernels/instantiate.ts. */
const maximum = '--maximumMemory=65536'

/** The compiler is given this transform. */
const unrollBlocks = new URL('unroll-blocks.mjs', import.meta.url)

const modules = [
  { name: 'compare', source: 'compare', flags: [] },
  { name: 'ncnn', source: 'ncnn', flags: [maximum] },
  { name: 'ncnn-relaxed', source: 'ncnn', flags: [maximum, '--enable=relaxed-simd'] },
]

/** A hash of all that decides about the modules: their sources, this script with its flags, the transform, the compiler (which pins its Binaryen). */
async function hashOfInputs() {
  const sources = (await readdir(new URL('assembly/', kernels))).filter((name) => name.endsWith('.ts')).sort()
  const files = [import.meta.url, unrollBlocks, ...sources.map((name) => new URL(`assembly/${name}`, kernels))]
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(new URL(file))).update('\0')
  return hash.update(createRequire(import.meta.url)('assemblyscript/package.json').version).digest('hex')
}

/** Compiles `assembly/<source>.ts`; the module imports its memory and brings no runtime and no start-up work. */
async function compile(asc, source, flags) {
  let wasm
  const { error, stderr } = await asc.main(
    [
      fileURLToPath(new URL(`assembly/${source}.ts`, kernels)),
      '--outFile=module.wasm',
      `--transform=${fileURLToPath(unrollBlocks)}`,
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

const inputs = await hashOfInputs()
/** The last line of each module, so that one that was written in part is never taken for whole. */
const seal = `// Inputs: ${inputs}\n`

/** Whether a module was built from what is there now. */
async function isCurrent({ name }) {
  const text = await readFile(new URL(`${name}.ts`, generated), 'utf8').catch(() => '')
  return text.endsWith(seal)
}

async function emit(name, source, wasm) {
  const text = `// Built from ../assembly/${source}.ts by scripts/build-kernels.mjs: ${wasm.length} bytes.\nexport const wasmBase64 =\n  '${Buffer.from(wasm).toString('base64')}'\n${seal}`
  await writeFile(new URL(`${name}.ts`, generated), text)
  process.stdout.write(`kernels/${name}: ${wasm.length} bytes\n`)
}

/** What defines the exports of each module, and their type once they are called with named arguments. */
const callable = [
  { name: 'compare', file: 'comparison', type: 'CompareKernels', definitions: 'compareDefinitions' },
  { name: 'ncnn', file: 'definitions', type: 'NcnnKernels', definitions: 'ncnnDefinitions' },
]

/**
 * Writes how named arguments become the positional ones of a module. As source text, since a loop over names takes a hundred times longer
 * than a call, and `new Function` is forbidden where a content security policy is.
 */
async function emitCalls({ name, file, type, definitions }) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`${file}.ts`, kernels))],
    bundle: true,
    write: false,
    format: 'esm',
  })
  const [{ text: source }] = outputFiles
  const { [definitions]: defined } = await import(`data:text/javascript,${encodeURIComponent(source)}`)
  const calls = Object.entries(defined).map(([kernel, { names, defaults }]) => {
    const named = names.map((name) => (name in defaults ? `${name} = ${defaults[name]}` : name))
    const parameters = names.length > 0 ? `{ ${named.join(', ')} }` : ''
    return `    ${kernel}: (${parameters}) => exports.${kernel}(${names.join(', ')}),\n`
  })
  const text = `// Built from ../${file}.ts by scripts/build-kernels.mjs.
import type { Exports } from '../definition.ts'
import type { ${definitions}, ${type} } from '../${file}.ts'

/** The exports of a module, to be called with named arguments. */
export function namedCalls(exports: Exports<typeof ${definitions}>): ${type} {
  return {
${calls.join('')}  }
}
`
  const target = new URL(`${name}-calls.ts`, generated)
  if ((await readFile(target, 'utf8').catch(() => '')) !== text) await writeFile(target, text)
}

await mkdir(generated, { recursive: true })
for (const module of callable) await emitCalls(module)
if ((await Promise.all(modules.map(isCurrent))).every(Boolean)) {
  process.stdout.write('kernels: up to date\n')
} else {
  const { default: asc } = await import('assemblyscript/asc')
  for (const { name, source, flags } of modules) await emit(name, source, await compile(asc, source, flags))
}
