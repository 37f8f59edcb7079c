// The convolutions on which section `kernels` is compared with other runtimes: a layer of its own, with random weights.
import { randomTensor } from './networks.ts'
import { randomWeights } from './random-weights.ts'

export interface ConvolutionShape {
  readonly name: string
  readonly channels: number
  readonly outputs: number
  /** Height and width, or the length of a 1-d image. */
  readonly size: readonly number[]
  readonly kernel: number
  readonly stride?: number
  readonly dilation?: number
  readonly depthwise?: true
}

const square = (size: number) => [size, size]

export const convolutions: readonly ConvolutionShape[] = [
  { name: '1x1 32->64 @112', channels: 32, outputs: 64, size: square(112), kernel: 1 },
  { name: '1x1 256->256 @28', channels: 256, outputs: 256, size: square(28), kernel: 1 },
  { name: '1x1 512->512 @14', channels: 512, outputs: 512, size: square(14), kernel: 1 },
  { name: '1x1 1024->1024 @7', channels: 1024, outputs: 1024, size: square(7), kernel: 1 },
  { name: '3x3 64->64 @56', channels: 64, outputs: 64, size: square(56), kernel: 3 },
  { name: '3x3 128->128 @28', channels: 128, outputs: 128, size: square(28), kernel: 3 },
  { name: '3x3 512->512 @7', channels: 512, outputs: 512, size: square(7), kernel: 3 },
  { name: '3x3 stride 2 3->32 @224', channels: 3, outputs: 32, size: square(224), kernel: 3, stride: 2 },
  { name: 'depthwise 3x3 128 @56', channels: 128, outputs: 128, size: square(56), kernel: 3, depthwise: true },
  { name: 'depthwise 3x3 512 @14', channels: 512, outputs: 512, size: square(14), kernel: 3, depthwise: true },
  {
    name: 'depthwise 3x3 stride 2 64 @112',
    channels: 64,
    outputs: 64,
    size: square(112),
    kernel: 3,
    stride: 2,
    depthwise: true,
  },
  { name: '1-d k3 dilation 2 512->512 T200', channels: 512, outputs: 512, size: [200], kernel: 3, dilation: 2 },
]

/** A convolution as every runtime gets it: weights [outputs][channels or 1][...kernel], padded to keep the size (divided by the stride). */
export interface ConvolutionCase extends Required<Omit<ConvolutionShape, 'depthwise'>> {
  readonly group: number
  readonly pad: number
  /** ncnn's files. */
  readonly param: string
  readonly bin: Uint8Array
  readonly weights: Float32Array
  readonly bias: Float32Array
  readonly input: ReturnType<typeof randomTensor>
}

export function convolutionCase(shape: ConvolutionShape): ConvolutionCase {
  const { channels, outputs, size, kernel, stride = 1, dilation = 1, depthwise } = shape
  const group = depthwise ? channels : 1
  const pad = ((kernel - 1) * dilation) >> 1
  const count = ((outputs * channels) / group) * kernel ** size.length
  const type = depthwise ? 'ConvolutionDepthWise' : size.length === 1 ? 'Convolution1D' : 'Convolution'
  const params = `0=${outputs} 1=${kernel} 2=${dilation} 3=${stride} 4=${pad} 5=1 6=${count}${depthwise ? ` 7=${group}` : ''}`
  const param = `7767517\n2 2\nInput in 0 1 in\n${type} conv 1 1 in out ${params}\n`
  const bin = randomWeights(param)
  // a storage tag of four bytes, the weights, the bias
  const floats = new Float32Array(bin.buffer, 4)
  const [weights, bias] = [floats.subarray(0, count), floats.subarray(count)]
  const input = randomTensor([channels, ...size])
  return { ...shape, stride, dilation, group, pad, param, bin, weights, bias, input }
}
