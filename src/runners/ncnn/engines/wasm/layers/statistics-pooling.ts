// StatisticsPooling: mean and standard deviation of each channel.
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { trueChannels } from '../shapes/channels.ts'

/** y = the means of all channels, then with include_stddev their standard deviations */
export const StatisticsPooling = defineLayer({
  type: 'StatisticsPooling',
  binaryId: 72,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { include_stddev: int(0) },
  forward([x], { params: { include_stddev } }, workspace) {
    checkFloat(x, workspace)
    const { count, size } = trueChannels(x)
    const y = workspace.alloc([include_stddev ? 2 * count : count])
    const [source, target] = [x.data, y.data]
    for (let q = 0; q < count; q++) {
      const [start, end] = [q * size, (q + 1) * size]
      let sum = 0
      for (let i = start; i < end; i++) sum += source[i]
      const mean = sum / size
      target[q] = mean
      if (!include_stddev) continue
      let squares = 0
      for (let i = start; i < end; i++) squares += (source[i] - mean) * (source[i] - mean)
      target[count + q] = Math.sqrt(squares / size)
    }
    return y
  },
})
