// A small network of the usual layers with weights from a seed, and references as other runtimes would be.

import type { Model } from '../../src/runners/model.ts'
import { loadNcnn } from '../../src/runners/ncnn/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { transpose } from '../../src/tensor/transpose.ts'

export const param = `7767517
14 15
Input in 0 1 in
Convolution conv1 1 1 in c1 0=8 1=3 4=1 5=1 6=216 9=1
Split split 1 2 c1 c1a c1b
ConvolutionDepthWise dw 1 1 c1a d1 0=8 1=3 4=1 5=1 6=72 7=8
BatchNorm bn 1 1 d1 b1 0=8 1=1.0e-5
BinaryOp add 2 1 b1 c1b s1 0=0
HardSwish act 1 1 s1 h1
Pooling avg 1 1 h1 p1 0=1 1=3 2=2 3=1 5=1 6=0
Convolution conv2 1 1 p1 c2 0=12 1=1 5=1 6=96 9=2 -23310=1,0.1
Convolution conv3 1 1 c2 c3 0=16 1=3 4=1 5=1 6=1728
Pooling mean 1 1 c3 m1 0=1 4=1
InnerProduct fc1 1 1 m1 f1 0=20 1=1 2=320 9=1
InnerProduct fc2 1 1 f1 f2 0=10 1=1 2=200
TanH tanh 1 1 f2 out
`

/** Numbers in [-1, 1), the same ones for the same seed. */
function randomNumbers(count: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    return (state >>> 8) / 2 ** 23 - 1
  })
}

/** Each weight: its number of elements, its size, and whether a tag of float32 stands before it. */
const weights: readonly (readonly [count: number, size: number, tagged?: true])[] = [
  [216, 0.4, true],
  [8, 0.2],
  [72, 0.6, true],
  [8, 0.2],
  [8, 1],
  [8, 0.3],
  [8, 0.5],
  [8, 0.3],
  [96, 0.6, true],
  [12, 0.2],
  [1728, 0.2, true],
  [16, 0.2],
  [320, 0.5, true],
  [20, 0.2],
  [200, 0.4, true],
  [10, 0.2],
]
/** The third weight of BatchNorm is a variance. */
const variance = 6

export function weightBytes(): Uint8Array {
  const parts = weights.flatMap(([count, size, tagged], i) => {
    const numbers = randomNumbers(count, 1000 + i).map((value) =>
      i === variance ? 0.05 + size * Math.abs(value) : size * value,
    )
    return tagged ? [new Float32Array(1), numbers] : [numbers]
  })
  return new Uint8Array(Float32Array.from(parts.flatMap((part) => [...part])).buffer)
}

export const loadSmallNetwork = (options?: Parameters<typeof loadNcnn>[1]): Promise<Model> =>
  loadNcnn({ param, bin: weightBytes() }, options)

export const image = (seed = 7): Tensor => ({
  data: randomNumbers(3 * 16 * 16, seed),
  shape: [3, 16, 16],
  dtype: 'float32',
})

/** The same model as another runtime would be: other names, a batch axis, images with their channels last. It cannot be fed but by its inputs. */
export function asAnotherRuntime(model: Model): Model {
  const alias = new Map(model.blobs.map((blob, i) => [blob, `t${1000 + 7 * i}`]))
  const named = (blob: string): string => alias.get(blob) ?? blob
  const outwards = (tensor: Tensor): Tensor => {
    const last = tensor.shape.length === 3 ? transpose(tensor, [1, 2, 0]) : tensor
    return { ...last, shape: [1, ...last.shape] }
  }
  return {
    ...model,
    runtime: { name: 'another' },
    inputs: model.inputs.map(({ name }) => ({ name: named(name) })),
    outputs: model.outputs.map(({ name }) => ({ name: named(name) })),
    blobs: model.blobs.map(named),
    layers: [],
    variant: undefined,
    inspectLayer: undefined,
    async run(given) {
      const [like] = Object.values(given) as Tensor[]
      const { data, shape, dtype } = transpose({ ...like, shape: like.shape.slice(1) }, [2, 0, 1])
      const results = await model.run({ in: { data, shape, dtype } }, { outputs: 'all' })
      return Object.fromEntries(Object.entries(results).map(([blob, tensor]) => [named(blob), outwards(tensor)]))
    },
  }
}

/** An image as {@link asAnotherRuntime} takes it. */
export function channelsLast(tensor: Tensor): Tensor {
  const last = transpose(tensor, [1, 2, 0])
  return { ...last, shape: [1, ...last.shape] }
}
