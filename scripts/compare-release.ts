// Compares the built-in ncnn engine with an installed ncnn wheel and prints what differs, by layer type: after a release of ncnn, what
// changed. `npm run compare:release -- FOLDER`, with EXPECT_TENSOR_PYTHON naming a Python that has the wheel.
// FOLDER holds cases of one layer in `layers/` (a .json and a .dat for each type) and networks in `pnnx/` (index.json); either may be missing.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTensor } from '../src/files/index.ts'
import { reasonOf } from '../src/host/reason.ts'
import type { Model } from '../src/runners/model.ts'
import { loadNcnn, type NcnnSource, pythonEngine } from '../src/runners/ncnn/index.ts'
import { currentFormat } from '../src/runners/ncnn/weights.ts'
import type { Tensor } from '../src/tensor/tensor.ts'

interface Case {
  readonly id: string
  readonly source: NcnnSource
  readonly inputs: Readonly<Record<string, Tensor>>
  /** Names of the inputs that have a batch axis. */
  readonly batched: readonly string[]
  /** What to compare; every blob of a network. */
  readonly outputs: readonly string[] | 'all'
}

/** Larger differences, in units of the largest element, are none of rounding. */
const tolerance = 1e-4

/** Bytes of a tensor in a .dat file. */
interface StoredTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: keyof typeof storedTypes
  readonly offset: number
  readonly length: number
}
const storedTypes = {
  f32: [Float32Array, 'float32'],
  i32: [Int32Array, 'int32'],
  s8: [Int8Array, 'int8'],
  f16: [Uint16Array, 'float16'],
  bf16: [Uint16Array, 'bfloat16'],
} as const

interface StoredCase {
  readonly id: string
  readonly param: string
  readonly inputs: readonly StoredTensor[]
  readonly outputs: readonly { readonly name: string }[]
  readonly bin: { readonly offset: number; readonly length: number }
  /** Why the wheel cannot be asked. */
  readonly wheel?: string
}

function* layerCases(folder: string): Generator<Case> {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
  for (const name of names.sort()) {
    const stored: StoredCase[] = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    const dat = readFileSync(join(folder, name.replace(/json$/, 'dat')))
    const bytesOf = ({ offset, length }: { offset: number; length: number }) =>
      new Uint8Array(dat.subarray(offset, offset + length))
    const tensorOf = (tensor: StoredTensor): Tensor => {
      const [Elements, dtype] = storedTypes[tensor.dtype]
      return { data: new Elements(bytesOf(tensor).buffer), shape: tensor.shape, dtype }
    }
    for (const { id, param, inputs, outputs, bin, wheel } of stored) {
      if (wheel !== undefined) continue
      const fed = inputs.filter(({ shape }) => shape.length > 0).map((tensor) => [tensor.name, tensorOf(tensor)])
      const names = outputs.map((output) => output.name)
      yield { id, source: { param, bin: bytesOf(bin) }, inputs: Object.fromEntries(fed), batched: [], outputs: names }
    }
  }
}

interface StoredNetwork {
  readonly id: string
  readonly param: string
  readonly inputs: readonly { readonly name: string; readonly file: string; readonly batchAxis: number | null }[]
  readonly outputs: readonly { readonly wheel: string }[]
  /** `refuse`: ncnn computes it with memory that nobody wrote. */
  readonly expect: string | null
}

async function* networkCases(folder: string): AsyncGenerator<Case> {
  const index = join(folder, 'index.json')
  const cases: StoredNetwork[] = existsSync(index) ? JSON.parse(readFileSync(index, 'utf8')).cases : []
  for (const { id, param, inputs, outputs, expect } of cases) {
    // What ncnn refused, or computed with memory nobody wrote, has nothing to be compared with; nor has a batch along an inner axis.
    if (expect !== null || outputs.some(({ wheel }) => wheel !== 'ok')) continue
    if (inputs.some(({ batchAxis }) => (batchAxis ?? 0) !== 0)) continue
    const fed = inputs.map(async ({ name, file }) => [name, await readTensor(join(folder, file))] as const)
    const batched = inputs.filter(({ batchAxis }) => batchAxis === 0).map(({ name }) => name)
    yield {
      id,
      source: join(folder, param),
      inputs: Object.fromEntries(await Promise.all(fed)),
      batched,
      outputs: 'all',
    }
  }
}

/** What differs in a case, and in which type of layer first; undefined where nothing does. */
async function differenceIn(one: Case): Promise<{ readonly type: string; readonly what: string } | undefined> {
  const { source, batched } = one
  const models: Model[] = []
  try {
    const builtIn = await attempt(async () => keep(await loadNcnn(source, { batched }), models), one)
    const wheel = await attempt(
      async () => keep(await loadNcnn(source, { batched, engine: pythonEngine() }), models),
      one,
    )
    const layers = models[0]?.layers ?? []
    const last = layers[layers.length - 1]?.type ?? 'a model that does not load'
    if (typeof builtIn === 'string' || typeof wheel === 'string') {
      if (typeof builtIn === typeof wheel) return undefined
      return {
        type: last,
        what: typeof wheel === 'string' ? `the wheel refuses: ${wheel}` : `refused here: ${builtIn}`,
      }
    }
    for (const { type, outputs } of layers) {
      for (const name of outputs) {
        const what = name in builtIn || name in wheel ? difference(builtIn[name], wheel[name]) : undefined
        if (what !== undefined) return { type, what: `${name}: ${what}` }
      }
    }
    return undefined
  } finally {
    for (const model of models) model.close()
  }
}

function keep(model: Model, models: Model[]): Model {
  models.push(model)
  return model
}

/** What it computes, or why it does not. */
async function attempt(
  load: () => Promise<Model>,
  { inputs, outputs }: Case,
): Promise<Record<string, Tensor> | string> {
  try {
    return await (await load()).run(inputs, { outputs })
  } catch (error) {
    return reasonOf(error).split('\n')[0]
  }
}

function difference(a: Tensor | undefined, b: Tensor | undefined): string | undefined {
  if (a === undefined || b === undefined)
    return `only ${a === undefined ? 'the wheel' : 'the built-in engine'} computes it`
  // What finds nothing gives a blob without elements, of one shape or another.
  if (a.data.length === 0 && b.data.length === 0) return undefined
  if (String(a.shape) !== String(b.shape)) return `[${a.shape}], the wheel gives [${b.shape}]`
  const integers = a.dtype === 'int8'
  let [largest, worst] = [0, 0]
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [Number(a.data[i]), Number(b.data[i])]
    if (Number.isFinite(y)) largest = Math.max(largest, Math.abs(y))
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue
    const distance = Math.abs(x - y)
    // Roundings to whole steps may fall to either side.
    if (!(integers && distance <= 1) && !(distance <= worst)) worst = distance
  }
  return worst <= tolerance * largest ? undefined : `off by up to ${worst}, the largest element being ${largest}`
}

async function main(): Promise<void> {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) throw new Error('usage: npm run compare:release -- FOLDER, which holds layers/ or pnnx/')
  console.log(`${await pythonEngine().version()} against the built-in engine, which follows ${currentFormat.release}`)
  const found = new Map<string, string[]>()
  let count = 0
  const look = async (one: Case): Promise<void> => {
    count++
    const differs = await differenceIn(one)
    if (differs !== undefined)
      found.set(differs.type, [...(found.get(differs.type) ?? []), `${one.id}: ${differs.what}`])
  }
  for (const one of layerCases(join(folder, 'layers'))) await look(one)
  for await (const one of networkCases(join(folder, 'pnnx'))) await look(one)
  for (const [type, cases] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`\n${type}: ${cases.length}`)
    for (const line of cases.slice(0, 3)) console.log(`  ${line}`)
  }
  const differing = [...found.values()].flat().length
  console.log(`\n${differing} of ${count} cases differ${differing > 0 ? ', three of each type are shown' : ''}`)
  if (differing > 0 || count === 0) process.exitCode = 1
}

await main()
