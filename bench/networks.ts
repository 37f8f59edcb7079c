// The networks of the sections `models` and `load`: voiceprints from the examples, and well-known ones with random weights.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Tensor } from '../src/tensor/tensor.ts'
import { randomNumbers, randomWeights } from './random-weights.ts'

export interface Network {
  readonly name: string
  readonly param: string
  readonly bin: Uint8Array
  readonly input: Tensor
}

const voiceprints = fileURLToPath(new URL('../examples/voiceprint/models/', import.meta.url))

const examples = [
  { name: 'ecapa, 2 s', file: 'ecapa-fp16.ncnn', shape: [200, 80] },
  { name: 'voice encoder, 1.6 s', file: 'voice-encoder-fp16.ncnn', shape: [160, 40] },
] as const

/** Networks of ncnn's own benchmark: `NAME.param` in the folder that EXPECT_TENSOR_BENCH_MODELS names. */
const wellKnown = [
  { name: 'blazeface', shape: [3, 128, 128] },
  { name: 'squeezenet', shape: [3, 227, 227] },
  { name: 'mobilenet_v2', shape: [3, 224, 224] },
  { name: 'shufflenet_v2', shape: [3, 224, 224] },
  { name: 'resnet18', shape: [3, 224, 224] },
  { name: 'vision_transformer', shape: [3, 384, 384] },
  { name: 'mobilenet_int8', shape: [3, 224, 224] },
  { name: 'resnet18_int8', shape: [3, 224, 224] },
] as const

/** Loaders by name, so that one network is in memory at a time. */
export const networks: readonly { readonly name: string; load(): Promise<Network | undefined> }[] = [
  ...wellKnown.map(({ name, shape }) => ({ name, load: () => loadWellKnown(name, shape) })),
  ...examples.map(({ name, file, shape }) => ({ name, load: () => loadExample(name, file, shape) })),
]

async function loadExample(name: string, file: string, shape: readonly number[]): Promise<Network> {
  const [param, bin] = await Promise.all([
    readFile(join(voiceprints, `${file}.param`), 'utf8'),
    readFile(join(voiceprints, `${file}.bin`)),
  ])
  return { name, param, bin: new Uint8Array(bin), input: randomTensor(shape) }
}

/** Undefined without the folder, or when it lacks the network. */
async function loadWellKnown(name: string, shape: readonly number[]): Promise<Network | undefined> {
  const folder = process.env.EXPECT_TENSOR_BENCH_MODELS
  if (folder === undefined) return undefined
  const param = await readFile(join(folder, `${name}.param`), 'utf8').catch(() => undefined)
  if (param === undefined) return undefined
  return { name, param, bin: randomWeights(param), input: randomTensor(shape) }
}

export function randomTensor(shape: readonly number[]): Tensor {
  const next = randomNumbers(1)
  const data = Float32Array.from({ length: shape.reduce((product, length) => product * length, 1) }, next)
  return { data, shape: [...shape], dtype: 'float32' }
}
