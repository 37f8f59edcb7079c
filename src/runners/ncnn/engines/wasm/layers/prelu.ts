// PReLU: a slope for what is negative, for each channel or for all.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { lastOfEach } from '../operations/vector-ends.ts'
import { packOf } from '../precision/arm-layout.ts'
import { checkChannels, outermostChannels } from '../shapes/channels.ts'

const prelu = (x: number, slope: number): number => (x < 0 ? x * slope : x)

/** The places of elements behind whole vectors of four in each row or channel. */
function behindRows(x: Blob): number[] {
  const { count, size } = outermostChannels(x)
  return lastOfEach(count, size, size % 4)
}

/** y = x, or x * slope below 0, with one slope for each channel or for all */
export const PReLU = defineLayer({
  type: 'PReLU',
  binaryId: 23,
  inputs: '1',
  elements: 'float32',
  stores16: true,
  params: { num_slope: int(0) },
  weights: ({ num_slope }) => ({ slope_data: raw(num_slope) }),
  prepare({ params: { num_slope }, weights: { slope_data }, sumsInHalf }, { float, alloc, kernels }) {
    if (num_slope < 1) throw new NcnnError(`num_slope must be at least 1, found ${num_slope}`)
    if (!sumsInHalf || float !== 'float32') return undefined
    const halfSlopes = alloc(slope_data.shape, 'float32')
    halfSlopes.data.set(slope_data.data)
    kernels.roundToHalf({ data: halfSlopes.ptr, n: num_slope })
    return halfSlopes
  },
  forward([x], { params: { num_slope }, weights: { slope_data }, prepared: halfSlopes, layout }, workspace) {
    checkFloat(x, workspace)
    const channels = num_slope === 1 ? { count: 1, size: x.length } : outermostChannels(x)
    checkChannels(channels, 'slope_data', num_slope)
    const y = workspace.reuse(x)
    const [source, target] = [x.data, y.data]
    if (workspace.float === 'float32') {
      // In half precision ncnn's ARM code multiplies by a slope in float16, other than where elements do not fill a vector.
      const inVectors = halfSlopes !== undefined && (x.shape.length > 1 || packOf(x.length, layout) > 1)
      const places = inVectors && packOf(x.shape[0], layout) === 1 ? behindRows(x) : []
      const slopeAt = (i: number): number => slope_data.data[num_slope === 1 ? 0 : Math.floor(i / channels.size)]
      const singles = places.map((i) => prelu(source[i], slopeAt(i)))
      const slopes = inVectors ? halfSlopes : slope_data
      if (y.ptr !== x.ptr) target.set(source)
      workspace.kernels.prelu({ data: y.ptr, slopes: slopes.ptr, outer: channels.count, inner: channels.size })
      places.forEach((i, n) => {
        target[i] = singles[n]
      })
      return y
    }
    const { count, size } = channels
    for (let q = 0; q < count; q++) {
      const slope = slope_data.data[q]
      for (let i = q * size; i < (q + 1) * size; i++) target[i] = prelu(source[i], slope)
    }
    return y
  },
})
