// The networks whose outputs have the same bits everywhere: each kind that tests of converted models meet, made small.
import type { LoadNcnnOptions } from '../../src/runners/ncnn/options.ts'

export interface SmallNetwork {
  /** Lines of a .param; the weights are pseudo-random. The input is `x`. */
  readonly layers: readonly string[]
  readonly shape: readonly number[]
  readonly options?: LoadNcnnOptions
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

const recurrentLayers = [
  'LSTM lstm 1 1 x a 0=24 1=3840 2=2',
  'GRU gru 1 1 a b 0=20 1=2880 2=0',
  'RNN rnn 1 1 b y 0=9 1=180 2=1',
]

const fp16Arithmetic = { useFp16Storage: true, useFp16Arithmetic: true } as const

/** Layers `type` one after the other, with these parameters. */
function chain(type: string, params: readonly string[]): string[] {
  const blob = (i: number): string => (i === 0 ? 'x' : i === params.length ? 'y' : `b${i}`)
  return params.map((param, i) => `${type} ${type}${i} 1 1 ${blob(i)} ${blob(i + 1)} ${param}`)
}

export const networks: Readonly<Record<string, SmallNetwork>> = {
  'residual network': { layers: residualBlock, shape: [3, 45, 53] },
  'residual network by Winograd': {
    layers: residualBlock,
    shape: [3, 45, 53],
    options: { ncnn: { useWinogradConvolution: true } },
  },
  'residual network in fp16 storage': {
    layers: residualBlock,
    shape: [3, 45, 53],
    options: { ncnn: { useFp16Storage: true } },
  },
  'residual network in fp16 arithmetic': {
    layers: residualBlock,
    shape: [3, 45, 53],
    options: {
      ncnn: { ...fp16Arithmetic, usePackingLayout: true, useSgemmConvolution: true, useWinogradConvolution: true },
    },
  },
  'residual network in bf16 storage': {
    layers: residualBlock,
    shape: [3, 45, 53],
    options: { ncnn: { useBf16Storage: true } },
  },
  'residual network in float64': { layers: residualBlock, shape: [3, 21, 25], options: { precision: 'float64' } },
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
  },
  'grouped and dilated convolutions': {
    layers: [
      'ConvolutionDepthWise groups 1 1 x a 0=24 1=3 4=1 5=1 6=864 7=6',
      'Swish swish 1 1 a b',
      'Convolution dilated 1 1 b c 0=20 1=3 2=3 4=3 5=1 6=4320 9=2 -23310=1,0.1',
      'ConvolutionDepthWise wide 1 1 c d 0=20 1=7 11=3 4=3 14=1 5=1 6=420 7=20 9=5',
      'Convolution tall 1 1 d y 0=9 1=1 11=5 3=2 13=3 5=1 6=900 9=3 -23310=2,-0.5,0.5',
    ],
    shape: [24, 19, 29],
  },
  'speech network': {
    layers: [
      'Spectrogram spectrogram 1 1 x a 0=64 1=2 2=16 3=64 4=1 5=1',
      'Convolution1D conv1 1 1 a b 0=32 1=5 4=2 5=1 6=5280 9=1',
      'Convolution1D dilated 1 1 b c 0=32 1=3 2=2 4=2 5=1 6=3072',
      'ELU elu 1 1 c d 0=1',
      'Split split 1 2 d d0 d1',
      'ConvolutionDepthWise1D depthwise 1 1 d0 e 0=32 1=7 4=3 5=1 6=224 7=32',
      'BinaryOp add 2 1 e d1 f 0=0',
      'Deconvolution1D up 1 1 f g 0=12 1=4 3=2 4=1 5=1 6=1536',
      'Reduction statistics 1 1 g y 0=8 1=0 -23303=1,1 4=1 5=1',
    ],
    shape: [900],
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
  },
  'language model block': {
    layers: [
      'RMSNorm norm 1 1 x a 0=32 1=1e-6 2=1',
      'Split split 1 3 a a0 a1 a2',
      'Gemm query 1 1 a0 q 2=0 3=1 4=0 5=1 6=1 8=32 9=32 10=4',
      'Gemm key 1 1 a1 k 2=0 3=1 4=0 5=1 6=1 8=32 9=32 10=4',
      'Reshape queries 1 1 q q0 0=8 1=4 2=-1',
      'Reshape keys 1 1 k k0 0=8 1=4 2=-1',
      'Permute order 1 1 q0 q1 0=2',
      'Permute order1 1 1 k0 k1 0=2',
      'Split values 1 2 k1 k2 k3',
      'SDPA attention 3 1 q1 k2 k3 b',
      'Permute back 1 1 b c 0=2',
      'Reshape join 1 1 c d 0=32 1=-1',
      'BinaryOp gate 2 1 d a2 e 0=2',
      'InnerProduct logits 1 1 e f 0=50 1=0 2=1600',
      'Softmax softmax 1 1 f y 0=1 1=1',
    ],
    shape: [13, 32],
  },
  'recurrent layers': {
    layers: recurrentLayers,
    shape: [31, 20],
  },
  'recurrent layers in fp16 arithmetic': {
    layers: recurrentLayers,
    shape: [31, 20],
    options: { ncnn: fp16Arithmetic },
  },
  'upsampling network': {
    layers: [
      'Deconvolution up 1 1 x a 0=9 1=4 3=2 4=1 5=1 6=720',
      'Interp resize 1 1 a b 0=2 1=1.5 2=1.5',
      'InstanceNorm norm 1 1 b c 0=9 1=1e-5',
      'PReLU prelu 1 1 c d 0=9',
      'PixelShuffle shuffle 1 1 d e 0=3',
      'Interp cubic 1 1 e y 0=3 1=0.7 2=1.3',
    ],
    shape: [5, 12, 14],
  },
  'diffusion block': {
    layers: [
      'GroupNorm norm 1 1 x a 0=4 1=16 2=1e-5 3=1',
      'Swish swish 1 1 a b',
      'Convolution conv 1 1 b c 0=16 1=3 4=1 5=1 6=2304',
      'DeconvolutionDepthWise up 1 1 c d 0=16 1=2 3=2 5=1 6=64 7=16',
      'LRN lrn 1 1 d e 0=0 1=5 2=0.0001 3=0.75',
      'Normalize normalize 1 1 e y 0=0 1=0 2=1e-10 3=16 4=1 9=1',
    ],
    shape: [16, 9, 11],
  },
  'int8 network': {
    layers: [
      'Convolution conv1 1 1 x a 0=16 1=3 3=2 4=1 5=1 6=432 8=2 9=1',
      'ConvolutionDepthWise depthwise 1 1 a b 0=16 1=3 4=1 5=1 6=144 7=16 8=1 9=1',
      'Convolution conv2 1 1 b c 0=24 1=1 5=1 6=384 8=2',
      'Pooling mean 1 1 c d 0=1 4=1',
      'InnerProduct classes 1 1 d y 0=17 1=1 2=408 8=2',
    ],
    shape: [3, 23, 31],
  },
  'int8 rows': {
    layers: ['InnerProduct fc 1 1 x a 0=45 1=1 2=3285 8=2 9=1', 'InnerProduct classes 1 1 a y 0=17 1=1 2=765 8=2'],
    shape: [21, 73],
  },
  activations: {
    layers: [
      'Mish mish 1 1 x a',
      'CELU celu 1 1 a b 0=0.9',
      'Erf erf 1 1 b c',
      'SELU selu 1 1 c d 0=1.6 1=1.05',
      'TanH tanh 1 1 d e',
      'Exp exp 1 1 e f 0=1.7 1=0.8 2=0.1',
      'BNLL bnll 1 1 f g',
      'HardSigmoid gate 1 1 g h 0=0.2 1=0.3',
      'Power power 1 1 h i 0=1.3 1=0.9 2=0.2',
      'Log log 1 1 i j 0=-1 1=1 2=0.5',
      'Sigmoid sigmoid 1 1 j y',
    ],
    shape: [3, 17, 19],
  },
  'elementary functions': {
    layers: chain('UnaryOp', ['0=7', '0=8', '0=9', '0=10', '0=16', '0=27', '0=14', '0=6']),
    shape: [1000],
  },
}

/** The trained voiceprint networks of examples/voiceprint, whose weights are float16. */
export const voiceprints = [
  { name: 'voiceprint ecapa', file: 'ecapa-fp16.ncnn', shape: [200, 80] },
  { name: 'voiceprint voice-encoder', file: 'voice-encoder-fp16.ncnn', shape: [60, 40] },
] as const
