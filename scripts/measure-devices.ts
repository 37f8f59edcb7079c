// Measures how well the built-in engine's simulation of 16-bit precision predicts a real ARM: the drift of networks from float64, real and
// simulated, as root mean squares. `npm run measure:devices -- [FOLDER] [--only NAME] [--layers] [--speed] [--vulkan]`, with EXPECT_TENSOR_ARM64_PYTHON
// naming a Python on 64-bit ARM that has the ncnn wheel; with --vulkan, how far a Vulkan device is from what is simulated for ARM, with
// EXPECT_TENSOR_PYTHON naming a Python whose wheel finds one. Besides the voiceprint networks of the examples it takes the image networks of
// FOLDER: NAME.json and params/, whose weights genweights.mjs makes. --layers feeds each layer what float64 has computed before it, and
// prints the drift of single layers by type; --speed prints how long simulated runs take, in runs of the plain engine.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { columns } from '../src/explain/columns.ts'
import { readTensors } from '../src/files/index.ts'
import type { Model } from '../src/runners/model.ts'
import {
  type LoadNcnnOptions,
  loadNcnn,
  type NcnnEngine,
  type NcnnOptions,
  type NcnnSource,
  ncnnOptionSets,
  pythonEngine,
} from '../src/runners/ncnn/index.ts'
import type { Tensor } from '../src/tensor/tensor.ts'

type Tensors = Readonly<Record<string, Tensor>>

interface Network {
  readonly name: string
  readonly source: NcnnSource
  readonly bin?: string
  readonly inputs: readonly Tensors[]
}

const { useFp16Arithmetic: _, ...stored } = ncnnOptionSets.default
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true },
    layers: { type: 'boolean', default: false },
    speed: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    vulkan: { type: 'boolean', default: false },
  },
})

const settings: Readonly<Record<string, NcnnOptions>> = {
  'fp16 storage': stored,
  'fp16 arithmetic': ncnnOptionSets.default,
  ...(values.vulkan ? {} : { bf16: ncnnOptionSets['bf16 storage'] }),
}

const imageNetworks = ['blazeface', 'shufflenet_v2', 'mobilenet_v2', 'squeezenet', 'resnet18', 'yolo-fastestv2']

const example = (path: string): string => fileURLToPath(new URL(`../examples/voiceprint/${path}`, import.meta.url))

async function voiceprints(): Promise<Network[]> {
  const [speech, voices] = [
    await readTensors(example('data/ecapa.safetensors')),
    await readTensors(example('data/voice-encoder.safetensors')),
  ]
  return [
    {
      name: 'ecapa',
      source: example('models/ecapa-fp32.ncnn.param'),
      inputs: ['hugo-1', 'annie-1'].map((name) => ({ in0: speech[`fbank/${name}`] })),
    },
    {
      name: 'voice-encoder',
      source: example('models/voice-encoder-fp16.ncnn.param'),
      inputs: ['hugo-1', 'annie-1'].map((name) => ({ in0: voices[`mel/${name}`] })),
    },
  ]
}

interface StoredNetwork {
  readonly paramFile: string
  readonly gen: object
  readonly inputs: readonly {
    readonly name: string
    readonly shape: readonly number[]
    readonly seed: number
    readonly index: number
    readonly mid: number
    readonly half: number
  }[]
}

async function imageNetwork(folder: string, name: string): Promise<Network> {
  const { generate, fillInput } = await import(pathToFileURL(join(folder, 'genweights.mjs')).href)
  const { paramFile, gen, inputs }: StoredNetwork = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
  const param = readFileSync(join(folder, paramFile), 'utf8')
  const parts: Uint8Array[] = []
  generate(param, gen, (part: Uint8Array) => parts.push(part))
  const made = (offset: number): Tensors =>
    Object.fromEntries(
      inputs.map(({ name, shape, seed, index, mid, half }) => {
        const count = shape.reduce((product, length) => product * length, 1)
        const data: Float32Array = fillInput(seed + offset, index, count, mid, half)
        return [name, { data, shape: shape.toReversed(), dtype: 'float32' }]
      }),
    )
  return { name, source: { param, bin: new Uint8Array(Buffer.concat(parts)) }, inputs: [made(0), made(1)] }
}

/** Sum of squared differences from float64, and how many there are. */
interface Drift {
  readonly squares: number
  readonly count: number
}

const none: Drift = { squares: 0, count: 0 }

function driftOf(found: Tensors, exact: Tensors): Drift {
  let [squares, count] = [0, 0]
  for (const [name, { data }] of Object.entries(exact)) {
    const other = found[name].data
    for (let i = 0; i < data.length; i++) squares += (Number(other[i]) - Number(data[i])) ** 2
    count += data.length
  }
  return { squares, count }
}

const added = (a: Drift, b: Drift): Drift => ({ squares: a.squares + b.squares, count: a.count + b.count })
const rms = ({ squares, count }: Drift): number => Math.sqrt(squares / count)

interface Engines {
  readonly exact: Model
  readonly plain: Model
  /** By setting. */
  readonly simulated: ReadonlyMap<string, Model>
  readonly real: ReadonlyMap<string, Model>
}

async function load(network: Network, device: NcnnEngine): Promise<Engines> {
  const open = (options: LoadNcnnOptions): Promise<Model> => loadNcnn(network.source, options)
  const under = async (engine: LoadNcnnOptions['engine'], more: NcnnOptions = {}): Promise<Map<string, Model>> => {
    const models = new Map<string, Model>()
    for (const [name, ncnn] of Object.entries(settings))
      models.set(name, await open({ ncnn: { ...ncnn, ...more }, engine }))
    return models
  }
  return {
    exact: await open({ precision: 'float64' }),
    plain: await open({}),
    simulated: await under('wasm'),
    real: await under(device, values.vulkan ? { useVulkanCompute: true } : {}),
  }
}

function close({ exact, plain, simulated, real }: Engines): void {
  for (const model of [exact, plain, ...simulated.values(), ...real.values()]) model.close()
}

interface Row {
  readonly network: string
  readonly setting: string
  readonly real: number
  readonly simulated: number
}

const factor = 1.25
const ratioOf = ({ real, simulated }: Row): number => simulated / real
const isWithin = (row: Row): boolean => ratioOf(row) <= factor && ratioOf(row) >= 1 / factor

async function measureNetwork({ name, inputs }: Network, { exact, simulated, real }: Engines): Promise<Row[]> {
  const rows: Row[] = []
  for (const setting of Object.keys(settings)) {
    let [realDrift, simulatedDrift] = [none, none]
    for (const fed of inputs) {
      const expected = await exact.run(fed)
      realDrift = added(realDrift, driftOf(await modelOf(real, setting).run(fed), expected))
      simulatedDrift = added(simulatedDrift, driftOf(await modelOf(simulated, setting).run(fed), expected))
    }
    rows.push({ network: name, setting, real: rms(realDrift), simulated: rms(simulatedDrift) })
  }
  return rows
}

function modelOf(models: ReadonlyMap<string, Model>, setting: string): Model {
  const model = models.get(setting)
  if (model === undefined) throw new Error(`no model under ${setting}`)
  return model
}

/** One layer at a time, fed with what float64 has computed: by type and setting, relative to the layer's output. */
async function measureLayers({ inputs: [fed] }: Network, { exact, simulated, real }: Engines): Promise<Row[]> {
  const blobs = { ...fed, ...(await exact.run(fed, { outputs: 'all' })) }
  const drifts = new Map<string, { setting: string; type: string; real: Drift; simulated: Drift }>()
  for (const setting of Object.keys(settings)) {
    for (const { name, type, inputs, outputs } of exact.layers) {
      if (inputs.length === 0) continue
      const before = Object.fromEntries(inputs.map((input) => [input, toFloat32(blobs[input])]))
      const expected = await exact.run(before, { outputs })
      const size = Math.sqrt(driftOf(zeros(expected), expected).squares / Math.max(1, elementsOf(expected))) || 1
      const relative = async (model: Model): Promise<Drift> => {
        const { squares, count } = driftOf(await model.run(before, { outputs }), expected)
        return { squares: squares / size ** 2, count }
      }
      const one = {
        real: await relative(modelOf(real, setting)),
        simulated: await relative(modelOf(simulated, setting)),
      }
      if (values.verbose)
        console.log(
          `  ${setting} ${type} ${name}: real ${rms(one.real).toExponential(2)} simulated ${rms(one.simulated).toExponential(2)}`,
        )
      const key = `${setting}/${type}`
      const sum = drifts.get(key) ?? { setting, type, real: none, simulated: none }
      drifts.set(key, {
        ...sum,
        real: added(sum.real, one.real),
        simulated: added(sum.simulated, one.simulated),
      })
    }
  }
  return [...drifts.values()].map(({ setting, type, real, simulated }) => ({
    network: type,
    setting,
    real: rms(real),
    simulated: rms(simulated),
  }))
}

const toFloat32 = ({ data, shape, dtype }: Tensor): Tensor =>
  dtype === 'float64'
    ? { data: Float32Array.from(data as Float64Array), shape, dtype: 'float32' }
    : { data, shape, dtype }
const zeros = (tensors: Tensors): Tensors =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { data, ...rest }]) => [
      name,
      { ...rest, data: new Float32Array(data.length) },
    ]),
  )
const elementsOf = (tensors: Tensors): number => Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0)

/** CPU time of simulated runs in runs of the plain engine, one after the other: the medians of the rounds. */
async function measureSpeed({ inputs: [fed] }: Network, { plain, simulated }: Engines, rounds = 7): Promise<string> {
  const models: [string, Model][] = [['plain', plain], ...simulated]
  const times = new Map<string, number[]>(models.map(([name]) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, model] of models) {
      const start = process.cpuUsage()
      await model.run(fed)
      const { user, system } = process.cpuUsage(start)
      if (round > 0) times.get(name)?.push((user + system) / 1000)
    }
  }
  const median = (name: string): number => (times.get(name) ?? []).sort((a, b) => a - b)[Math.floor(rounds / 2)]
  const factors = [...simulated.keys()].map((name) => `${name} x${(median(name) / median('plain')).toFixed(2)}`)
  return `plain ${median('plain').toFixed(1)} ms; ${factors.join(', ')}`
}

function print(title: string, rows: readonly Row[]): void {
  const cells = rows.map((row) => [
    row.network,
    row.setting,
    row.real.toExponential(2),
    row.simulated.toExponential(2),
    ratioOf(row).toFixed(2),
    isWithin(row) ? '' : 'off',
  ])
  const heading = [title, 'setting', values.vulkan ? 'real Vulkan' : 'real ARM', 'simulated', 'ratio', '']
  for (const line of columns([heading, ...cells], ['left', 'left', 'right', 'right', 'right', 'left']))
    console.log(line)
}

async function main(): Promise<void> {
  const variable = values.vulkan ? 'EXPECT_TENSOR_PYTHON' : 'EXPECT_TENSOR_ARM64_PYTHON'
  const python = process.env[variable]
  if (!python) throw new Error(`${variable} names no interpreter: docs/devices.md says how to get one`)
  const device = pythonEngine({ python })
  console.log(`${await device.version()} against the built-in engine\n`)
  const [folder] = positionals
  const chosen = (name: string): boolean => values.only === undefined || values.only.includes(name)
  const networks = (await voiceprints()).filter(({ name }) => chosen(name))
  for (const name of folder === undefined ? [] : imageNetworks.filter(chosen))
    networks.push(await imageNetwork(folder, name))
  const rows: Row[] = []
  for (const network of networks) {
    const engines = await load(network, device)
    try {
      const found = await measureNetwork(network, engines)
      rows.push(...found)
      print(network.name, found)
      if (values.speed) console.log(`${network.name}: ${await measureSpeed(network, engines)}`)
      if (values.layers) print(`layers of ${network.name}`, await measureLayers(network, engines))
      console.log()
    } finally {
      close(engines)
    }
  }
  const within = rows.filter(isWithin).length
  console.log(`${within} of ${rows.length} within a factor of ${factor}`)
}

await main()
