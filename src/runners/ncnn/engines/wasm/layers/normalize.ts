// Normalize: vectors along an axis brought to length 1.
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { trueChannels } from '../shapes/channels.ts'

/** 1 / the length of a vector, from the sum of its squares; by eps_mode as caffe, PyTorch or TensorFlow guard it against 0. */
function inverseNorm(squares: number, eps: number, eps_mode: number): number {
  if (eps_mode === 0) return 1 / Math.sqrt(squares + eps)
  if (eps_mode === 1) return 1 / Math.max(Math.sqrt(squares), eps)
  return 1 / Math.sqrt(Math.max(squares, eps))
}

/** y = x / |x| * scale, over the whole blob, each channel (across_spatial alone), or each position (across_channel alone) */
export const Normalize = defineLayer({
  type: 'Normalize',
  binaryId: 46,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: {
    across_spatial: int(0),
    channel_shared: int(1),
    eps: float(2, 0.0001),
    scale_data_size: int(3),
    across_channel: int(4, 1),
    eps_mode: int(9),
  },
  weights: ({ scale_data_size }) => ({ scale_data: raw(scale_data_size) }),
  forward([x], { params, weights: { scale_data } }, workspace) {
    checkFloat(x, workspace)
    const { across_spatial, across_channel, channel_shared, eps, eps_mode } = params
    if (!across_spatial && !across_channel) return x.share()
    const { count, size } = trueChannels(x)
    if (scale_data.length < (channel_shared ? 1 : count)) {
      throw new NcnnError(`scale_data_size is ${scale_data.length}, but the input has ${count} channels`)
    }
    const y = workspace.reuse(x)
    if (workspace.float === 'float32') {
      const { kernels } = workspace
      const scaling = { eps, mode: eps_mode, scale: scale_data.ptr, scaleStep: channel_shared ? 0 : 1 }
      const all = { input: x.ptr, output: y.ptr, n: size, ...scaling }
      if (!across_spatial) kernels.normalizePositions({ ...all, channels: count })
      else if (across_channel) kernels.normalizeChannels({ ...all, vectors: 1, channels: count })
      else kernels.normalizeChannels({ ...all, vectors: count, channels: 1 })
      return y
    }
    // Element i of channel q belongs to the vector q * channelStep + i * positionStep.
    const channelStep = across_channel ? 0 : 1
    const positionStep = across_spatial ? 0 : 1
    const vectors = (across_channel ? 1 : count) * (across_spatial ? 1 : size)
    const norms = new Float64Array(vectors)

    const [source, target, scale] = [x.data, y.data, scale_data.data]
    for (let q = 0; q < count; q++) {
      for (let i = 0; i < size; i++) {
        const value = source[q * size + i]
        norms[q * channelStep + i * positionStep] += value * value
      }
    }
    const factors = norms.map((squares) => inverseNorm(squares, eps, eps_mode))
    for (let q = 0; q < count; q++) {
      const channelScale = scale[channel_shared ? 0 : q]
      for (let i = 0; i < size; i++) {
        target[q * size + i] = source[q * size + i] * factors[q * channelStep + i * positionStep] * channelScale
      }
    }
    return y
  },
})
