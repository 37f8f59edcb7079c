// The networks of the sections `models` and `load`: voiceprints from the examples, and well-known ones with random weights.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { declareLayers } from '../src/runners/ncnn/engines/wasm/declare.ts'
import { parseParam } from '../src/runners/ncnn/parse-param.ts'
import type { Tensor } from '../src/tensor/tensor.ts'

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

/** Numbers in [-1, 1), the same in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 31
  }
}

function randomTensor(shape: readonly number[]): Tensor {
  const next = randomNumbers(1)
  const data = Float32Array.from({ length: shape.reduce((product, length) => product * length, 1) }, next)
  return { data, shape: [...shape], dtype: 'float32' }
}

/**
 * A .bin for a .param: fp32 weights of such size that activations neither vanish nor explode, since subnormal numbers and
 * infinities would change the speed. Weights without a storage tag are biases, scales and variances: near 1, or small.
 */
function randomWeights(param: string): Uint8Array {
  const declared = declareLayers(parseParam({ param, bin: new Uint8Array(), paramName: 'param', binName: 'bin' }), {})
  const parts: Float32Array[] = []
  for (const [index, { weights }] of declared.entries()) {
    const present = Object.entries(weights).flatMap(([name, spec]) => (spec === undefined ? [] : [{ name, ...spec }]))
    for (const [at, { name, count, tagged }] of present.entries()) {
      const next = randomNumbers(index * 16 + at)
      const outputs = present.find((other) => !other.tagged)?.count ?? 1
      const scale = tagged ? Math.sqrt((3 * outputs) / count) : 0.1
      const middle = tagged || name.includes('bias') || name.includes('beta') ? 0 : 1
      if (tagged) parts.push(new Float32Array(1))
      parts.push(Float32Array.from({ length: count }, () => middle + scale * next()))
    }
  }
  return new Uint8Array(Buffer.concat(parts.map((part) => new Uint8Array(part.buffer))))
}
