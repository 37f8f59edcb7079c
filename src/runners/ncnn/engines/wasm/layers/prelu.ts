// PReLU: a slope for what is negative, for each channel or for all.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { checkChannels, outermostChannels } from '../shapes/channels.ts'

/** y = x, or x * slope below 0, with one slope for each channel or for all */
export const PReLU = defineLayer({
  type: 'PReLU',
  binaryId: 23,
  inputs: '1',
  elements: 'float32',
  stores16: true,
  params: { num_slope: int(0) },
  weights: ({ num_slope }) => ({ slope_data: raw(num_slope) }),
  prepare({ params: { num_slope } }) {
    if (num_slope < 1) throw new NcnnError(`num_slope must be at least 1, found ${num_slope}`)
  },
  forward([x], { params: { num_slope }, weights: { slope_data } }, workspace) {
    checkFloat(x, workspace)
    const channels = num_slope === 1 ? { count: 1, size: x.length } : outermostChannels(x)
    checkChannels(channels, 'slope_data', num_slope)
    const y = workspace.reuse(x)
    const [source, target] = [x.data, y.data]
    if (workspace.float === 'float32') {
      if (y.ptr !== x.ptr) target.set(source)
      workspace.kernels.prelu({ data: y.ptr, slopes: slope_data.ptr, outer: channels.count, inner: channels.size })
      return y
    }
    const { count, size } = channels
    for (let q = 0; q < count; q++) {
      const slope = slope_data.data[q]
      for (let i = q * size; i < (q + 1) * size; i++) target[i] = source[i] < 0 ? source[i] * slope : source[i]
    }
    return y
  },
})
