// Small valid models of many kinds, from which the fuzz suite makes damaged ones.
import type { Tensor } from '../../../../src/tensor/tensor.ts'
import { readFixtures } from '../fixtures.ts'

export interface FuzzModel {
  /** Text, or the bytes of a binary .param. */
  readonly param: string | Uint8Array
  readonly bin: Uint8Array
  readonly inputs: Readonly<Record<string, Tensor>>
}

export interface TextModel extends FuzzModel {
  readonly param: string
}

const tensor = (...shape: number[]): Tensor => {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7) % 13) / 7 - 1)
  return { data, shape, dtype: 'float32' }
}

/** Tagged fp32 weights, bare ones, bare ones that are all 1, or tagged fp16: the parts of a .bin one after another. */
const bin = (...parts: readonly (readonly ['tagged' | 'raw' | 'ones' | 'half', number])[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap(([storage, count]) => {
      const floats = Float32Array.from({ length: count }, (_, i) => (storage === 'ones' ? 1 : ((i % 5) - 2) / 4))
      const halves = new Uint16Array(Math.ceil(count / 2) * 2).fill(0x3400)
      const bytes = new Uint8Array(storage === 'half' ? halves.buffer : floats.buffer)
      const tag = storage === 'raw' || storage === 'ones' ? [] : [storage === 'half' ? 0x01306b47 : 0]
      return [...new Uint8Array(Uint32Array.from(tag).buffer), ...bytes]
    }),
  )

const model = (
  layers: readonly string[],
  weights: Uint8Array,
  inputs: Readonly<Record<string, Tensor>>,
): TextModel => ({
  param: ['7767517', `${layers.length} 40`, ...layers, ''].join('\n'),
  bin: weights,
  inputs,
})

const image = { x: tensor(4, 8, 8) }
const sequence = { x: tensor(6, 8) }

const networks: readonly TextModel[] = [
  model(
    [
      'Input in 0 1 x',
      'Convolution conv 1 1 x a 0=4 1=3 4=1 5=1 6=144 9=2 -23310=1,0.1',
      'BatchNorm bn 1 1 a b 0=4',
      'Split s 1 2 b b0 b1',
      'Pooling pool 1 1 b0 c 0=0 1=3 2=2 3=1',
      'Interp up 1 1 c d 0=2 3=8 4=8',
      'BinaryOp add 2 1 b1 d e 0=0',
      'Pooling gap 1 1 e f 0=1 4=1',
      'InnerProduct fc 1 1 f g 0=3 1=1 2=12',
      'Softmax sm 1 1 g out 0=0 1=1',
    ],
    bin(['half', 144], ['raw', 4], ['ones', 16], ['tagged', 12], ['raw', 3]),
    image,
  ),
  model(
    [
      'Input in 0 1 x',
      'ConvolutionDepthWise dw 1 1 x a 0=4 1=3 2=1 3=2 4=-233 5=0 6=36 7=4',
      'HardSwish hs 1 1 a b 0=0.166667 1=0.5',
      'ShuffleChannel sc 1 1 b c 0=2',
      'Slice sl 1 2 c d e -23300=2,2,-233 1=0',
      'Concat cat 2 1 e d f 0=0',
      'Padding pad 1 1 f g 0=1 1=1 2=1 3=1 4=2 5=0.5',
      'Crop crop 1 1 g h -23309=2,1,1 -23310=2,-1,-1 -23311=2,1,2',
      'Permute p 1 1 h i 0=3',
      'Reshape r 1 1 i out 0=-1 1=4',
    ],
    bin(['tagged', 36]),
    image,
  ),
  model(
    [
      'Input in 0 1 x',
      'LSTM rnn 1 1 x a 0=4 1=128 2=0',
      'LayerNorm ln 1 1 a b 0=4 1=1e-5 2=1',
      'Gemm g 1 1 b c 3=1 5=1 6=1 8=5 9=4 10=4',
      'GELU act 1 1 c d',
      'Reduction mean 1 1 d e 0=3 1=0 -23303=1,1 4=1 5=1',
      'Squeeze sq 1 1 e f -23303=1,1',
      'UnaryOp sqrt 1 1 f g 0=4',
      'ExpandDims ex 1 1 g h -23303=1,0',
      'Tile t 1 1 h out -23302=2,3,1',
    ],
    bin(['tagged', 128], ['tagged', 16], ['tagged', 64], ['raw', 4], ['raw', 4], ['half', 20], ['tagged', 5]),
    sequence,
  ),
  model(
    [
      'Input in 0 1 x',
      'Convolution1D c1 1 1 x a 0=4 1=3 2=2 4=2 5=1 6=72',
      'Swish sw 1 1 a b',
      'MemoryData m 0 1 c 0=8 1=4',
      'Eltwise el 2 1 b c d 0=1 -23301=2,0.5,2.0',
      'LRN n 1 1 d e 0=0 1=3',
      'Normalize no 1 1 e out 0=0 1=1 2=1e-4 3=1 4=1',
    ],
    bin(['half', 72], ['raw', 4], ['raw', 32], ['raw', 1]),
    sequence,
  ),
]

/**
 * Networks of several layers, and the fixtures: a layer of each type in all its variants. Between them they read every kind of layer,
 * parameter and weight there is.
 */
export const textModels: readonly TextModel[] = [...networks, ...networks, ...networks, ...readFixtures().fixtures]
