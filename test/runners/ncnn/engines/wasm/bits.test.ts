// The engine gives these very bits on every machine and in every runtime: fingerprints of small networks' outputs, written down once.
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { randomNumbers, randomWeights } from '../../../../../bench/random-weights.ts'
import { loadNcnn } from '../../../../../src/runners/ncnn/index.ts'
import type { LoadNcnnOptions } from '../../../../../src/runners/ncnn/options.ts'
import { fingerprint } from '../../../../kernels/arena.ts'

interface Network {
  readonly layers: readonly string[]
  readonly shape: readonly number[]
  readonly options?: LoadNcnnOptions
  readonly bits: string
}

const residualBlock = [
  'Convolution stem 1 1 x a 0=16 1=7 3=2 4=3 5=1 6=2352 9=1',
  'Pooling pool 1 1 a b 0=0 1=3 2=2 3=1',
  'Split split 1 2 b b0 b1',
  'Convolution conv1 1 1 b0 c 0=16 1=3 4=1 5=1 6=2304 9=1',
  'Convolution conv2 1 1 c d 0=16 1=3 4=1 5=1 6=2304',
  'Eltwise add 2 1 d b1 e 0=1',
  'ReLU relu 1 1 e f',
  'Pooling mean 1 1 f g 0=1 4=1',
  'InnerProduct classes 1 1 g h 0=37 1=1 2=592',
  'Softmax softmax 1 1 h y 0=0',
]

/** Each kind of network that tests of converted models meet, made small. */
const networks: Readonly<Record<string, Network>> = {
  'residual network': { layers: residualBlock, shape: [3, 45, 53], bits: '34eca61c' },
  'residual network by Winograd': {
    layers: residualBlock,
    shape: [3, 45, 53],
    options: { ncnn: { useWinogradConvolution: true } },
    bits: '0eec2300',
  },
  'residual network in fp16 storage': {
    layers: residualBlock,
    shape: [3, 45, 53],
    options: { ncnn: { useFp16Storage: true } },
    bits: 'd6c70ad0',
  },
  'residual network in float64': {
    layers: residualBlock,
    shape: [3, 21, 25],
    options: { precision: 'float64' },
    bits: '862d29d8',
  },
  'mobile block': {
    layers: [
      'Convolution expand 1 1 x a 0=36 1=1 5=1 6=216 9=6 -23310=2,0.166667,0.5',
      'ConvolutionDepthWise depthwise 1 1 a b 0=36 1=5 3=2 4=2 5=1 6=900 7=36',
      'HardSwish swish 1 1 b c 0=0.166667 1=0.5',
      'Split split 1 2 c c0 c1',
      'Pooling squeeze 1 1 c0 d 0=1 4=1',
      'InnerProduct gate 1 1 d e 0=36 1=1 2=1296 9=4',
      'BinaryOp excite 2 1 c1 e f 0=2',
      'Convolution project 1 1 f g 0=10 1=1 5=0 6=360',
      'BatchNorm norm 1 1 g y 0=10 1=0.001',
    ],
    shape: [6, 30, 34],
    bits: 'e23f0a8a',
  },
  'transformer block': {
    layers: [
      'Split split0 1 2 x x0 x1',
      'LayerNorm norm0 1 1 x0 a 0=48 1=1e-6 2=1',
      'MultiHeadAttention attention 1 1 a b 0=48 1=4 2=2304',
      'BinaryOp add0 2 1 x1 b c 0=0',
      'Split split1 1 2 c c0 c1',
      'LayerNorm norm1 1 1 c0 d 0=48 1=1e-6 2=1',
      'Gemm up 1 1 d e 2=0 3=1 4=0 5=1 6=1 8=192 9=48 10=4',
      'GELU gelu 1 1 e f',
      'Gemm down 1 1 f g 2=0 3=1 4=0 5=1 6=1 8=48 9=192 10=4',
      'BinaryOp add1 2 1 c1 g y 0=0',
    ],
    shape: [29, 48],
    bits: 'a1694c2e',
  },
  'recurrent layers': {
    layers: ['LSTM lstm 1 1 x a 0=24 1=3840 2=2', 'GRU gru 1 1 a b 0=20 1=2880 2=0', 'RNN rnn 1 1 b y 0=9 1=180 2=1'],
    shape: [31, 20],
    bits: '6c025b4e',
  },
  'upsampling network': {
    layers: [
      'Deconvolution up 1 1 x a 0=9 1=4 3=2 4=1 5=1 6=720',
      'Interp resize 1 1 a b 0=2 1=1.5 2=1.5',
      'InstanceNorm norm 1 1 b c 0=9 1=1e-5',
      'PReLU prelu 1 1 c d 0=9',
      'PixelShuffle shuffle 1 1 d y 0=3',
    ],
    shape: [5, 12, 14],
    bits: '83ada302',
  },
  'elementary functions': {
    layers: ['exp 7', 'log 8', 'sin 9', 'cos 10', 'tanh 16', 'log1p 27']
      .map((function_) => function_.split(' '))
      .map(([name, op], i) => `UnaryOp ${name} 1 1 ${i === 0 ? 'x' : `b${i - 1}`} ${i === 5 ? 'y' : `b${i}`} 0=${op}`),
    shape: [1000],
    bits: '96f271b3',
  },
}

function paramOf(layers: readonly string[]): string {
  const blobs = new Set(
    layers.flatMap((layer) => layer.split(' ').slice(4, 4 + Number(layer.split(' ')[2]) + Number(layer.split(' ')[3]))),
  )
  return ['7767517', `${layers.length + 1} ${blobs.size}`, 'Input x 0 1 x', ...layers].join('\n')
}

async function bitsOf(param: string, bin: Uint8Array, shape: readonly number[], options?: LoadNcnnOptions) {
  using model = await loadNcnn({ param, bin }, options)
  const data = Float32Array.from({ length: shape.reduce((size, length) => size * length, 1) }, randomNumbers(1))
  const [output] = Object.values(
    await model.run({ [model.inputs[0].name]: { data, shape: [...shape], dtype: 'float32' } }),
  )
  expect(Array.from(output.data, Number).every(Number.isFinite)).toBe(true)
  return fingerprint(output.data as Float32Array)
}

describe('the same bits everywhere', () => {
  test.each(Object.entries(networks))('%s', async (_, { layers, shape, options, bits }) => {
    const param = paramOf(layers)
    expect(await bitsOf(param, randomWeights(param), shape, options)).toBe(bits)
  })

  test.each([
    ['ecapa-fp16', [200, 80], '5ab8b551'],
    ['voice-encoder-fp16', [60, 40], '1d5ceb84'],
  ])('voiceprint %s', async (name, shape, bits) => {
    const file = new URL(`../../../../../examples/voiceprint/models/${name}.ncnn`, import.meta.url)
    const [param, bin] = await Promise.all([
      readFile(`${file.pathname}.param`, 'utf8'),
      readFile(`${file.pathname}.bin`),
    ])
    expect(await bitsOf(param, new Uint8Array(bin), shape)).toBe(bits)
  })
})
