// PSROIPooling: averages over a region of an image, each bin with a channel of its own.
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { type Bin, checkImage, cutBin, isEmpty, readRegion, roundHalfAway } from '../operations/regions.ts'

/** y[output_dim, pooled_height, pooled_width] = averages over the bins of a region, each bin read from a channel of its own */
export const PSROIPooling = defineLayer({
  type: 'PSROIPooling',
  binaryId: 60,
  inputs: '2',
  elements: 'float32',
  stores16: false,
  params: { pooled_width: int(0, 7), pooled_height: int(1, 7), spatial_scale: float(2, 0.0625), output_dim: int(3) },
  forward([x, region], { params: { pooled_width, pooled_height, spatial_scale, output_dim } }, workspace) {
    const [channels, h, w] = checkImage(x, pooled_width, pooled_height)
    const needed = output_dim * pooled_width * pooled_height
    if (channels !== needed) throw new NcnnError(`${needed} channels are needed, the input has ${channels}`)
    const [left, top, right, bottom] = readRegion(region)
    const scaled = (value: number): number => Math.fround(roundHalfAway(Math.fround(value)) * spatial_scale)
    const bins = (first: number, last: number, length: number, count: number): Bin[] => {
      const start = scaled(first)
      const step = Math.fround(Math.max(Math.fround(scaled(last + 1) - start), Math.fround(0.1)) / count)
      const edge = (i: number): number => Math.fround(start + Math.fround(i * step))
      return Array.from({ length: count }, (_, i) => cutBin(Math.floor(edge(i)), Math.ceil(edge(i + 1)), length))
    }
    const y = workspace.alloc([output_dim, pooled_height, pooled_width])
    const [alongH, alongW] = [bins(top, bottom, h, pooled_height), bins(left, right, w, pooled_width)]
    const [source, target] = [x.data, y.data]
    let at = 0
    for (let output = 0; output < output_dim; output++) {
      for (const rows of alongH) {
        for (const columns of alongW) {
          let sum = 0
          for (let i = rows.start; i < rows.end; i++) {
            for (let j = columns.start; j < columns.end; j++) sum += source[(at * h + i) * w + j]
          }
          const area = (rows.end - rows.start) * (columns.end - columns.start)
          target[at++] = isEmpty(rows) || isEmpty(columns) ? 0 : sum / area
        }
      }
    }
    return y
  },
})
