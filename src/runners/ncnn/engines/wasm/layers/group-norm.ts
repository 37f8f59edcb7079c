// GroupNorm: groups of channels brought to mean 0 and variance 1.
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { groupNorm } from '../operations/normalization.ts'
import { atLeast } from '../param-checks.ts'
import { checkChannels, outermostChannels } from '../shapes/channels.ts'

/** y = (x - mean) / sqrt(variance + eps) * gamma + beta, over each group of channels, with gamma and beta for each channel */
export const GroupNorm = defineLayer({
  type: 'GroupNorm',
  binaryId: 75,
  inputs: '1',
  elements: 'float32',
  stores16: true,
  params: { group: int(0, 1), channels: int(1), eps: float(2, 0.001), affine: int(3, 1) },
  check({ group, channels }) {
    atLeast(1, { group })
    atLeast(0, { channels })
  },
  weights: ({ channels, affine }) => ({
    gamma_data: affine ? raw(channels) : undefined,
    beta_data: affine ? raw(channels) : undefined,
  }),
  prepare({ params: { group, channels } }) {
    if (channels % group !== 0) throw new NcnnError(`${channels} channels do not make ${group} groups`)
  },
  forward([x], { params: { group, channels, eps }, weights: { gamma_data, beta_data } }, workspace) {
    const { count, size } = outermostChannels(x)
    checkChannels({ count, size }, 'channels', channels)
    return groupNorm(x, group, channels / group, size, eps, { gamma: gamma_data, beta: beta_data }, workspace)
  },
})
