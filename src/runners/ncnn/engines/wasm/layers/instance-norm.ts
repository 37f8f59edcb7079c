// InstanceNorm: each channel brought to mean 0 and variance 1.
import { float, int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { normalizeHalves } from '../operations/half-instance-norm.ts'
import { groupNorm } from '../operations/normalization.ts'
import { packOf } from '../precision/arm-layout.ts'
import { checkChannels, trueChannels } from '../shapes/channels.ts'

/** y = (x - mean) / sqrt(variance + eps) * gamma + beta, over each channel; a blob of 1 or 2 axes is a single channel */
export const InstanceNorm = defineLayer({
  type: 'InstanceNorm',
  binaryId: 53,
  inputs: '1',
  elements: 'float32',
  stores16: true,
  params: { channels: int(0), eps: float(1, 0.001), affine: int(2, 1) },
  weights: ({ channels, affine }) => ({
    gamma_data: affine ? raw(channels) : undefined,
    beta_data: affine ? raw(channels) : undefined,
  }),
  forward([x], { params: { channels, eps, affine }, weights, storage16, sumsInHalf, layout }, workspace) {
    const { count, size } = trueChannels(x)
    if (affine) checkChannels({ count, size }, 'channels', channels)
    const [gamma, beta] = [weights.gamma_data, weights.beta_data]
    if (storage16 === 'float16' && x.dtype === 'float32') {
      const pack = x.shape.length > 2 ? packOf(count, layout, sumsInHalf) : 1
      return normalizeHalves(x, { count, size }, { eps, gamma, beta, pack }, workspace)
    }
    return groupNorm(x, count, 1, size, eps, { gamma, beta }, workspace)
  },
})
