// ROIPooling: a region of an image brought to a fixed size by maxima.
import { defineLayer } from '../layer.ts'
import { type Bin, checkImage, cutBin, isEmpty, pooledSize, readRegion, roundHalfAway } from '../operations/regions.ts'

/** y[c, pooled_height, pooled_width] = the maximum of x over each bin of a region of whole elements; 0 over bins outside the image */
export const ROIPooling = defineLayer({
  type: 'ROIPooling',
  binaryId: 28,
  inputs: '2',
  elements: 'float32',
  stores16: false,
  params: pooledSize,
  forward([x, region], { params: { pooled_width, pooled_height, spatial_scale } }, workspace) {
    const [channels, h, w] = checkImage(x, pooled_width, pooled_height)
    const [x1, y1, x2, y2] = readRegion(region).map((value) => roundHalfAway(Math.fround(value * spatial_scale)))
    const bins = (start: number, end: number, length: number, count: number): Bin[] => {
      const step = Math.fround(Math.max(end - start + 1, 1) * approximateReciprocal(count))
      return Array.from({ length: count }, (_, i) =>
        cutBin(start + Math.floor(Math.fround(i * step)), start + Math.ceil(Math.fround((i + 1) * step)), length),
      )
    }
    const y = workspace.alloc([channels, pooled_height, pooled_width])
    const [alongH, alongW] = [bins(y1, y2, h, pooled_height), bins(x1, x2, w, pooled_width)]
    const [source, target] = [x.data, y.data]
    let at = 0
    for (let channel = 0; channel < channels; channel++) {
      for (const rows of alongH) {
        for (const columns of alongW) {
          const image = channel * h * w
          let max = isEmpty(rows) || isEmpty(columns) ? 0 : source[image + rows.start * w + columns.start]
          for (let i = rows.start; i < rows.end; i++) {
            for (let j = columns.start; j < columns.end; j++) {
              const value = source[image + i * w + j]
              if (max < value) max = value
            }
          }
          target[at++] = max
        }
      }
    }
    return y
  },
})

/** Odd numbers up to 31 whose approximate reciprocal is the nearest float32. */
const accurate: ReadonlySet<number> = new Set([3, 13, 21, 23, 25, 27, 29, 31])

/**
 * 1 / count as ncnn's builds for x86 take it, whose results this engine follows: the processor's approximate reciprocal, refined
 * once, is the float32 below the nearest one for most small counts. It matters because an edge between bins that falls exactly on
 * an element then falls just before it, and the bin behind begins one element earlier.
 */
function approximateReciprocal(count: number): number {
  const nearest = Math.fround(1 / count)
  let odd = count
  while (odd % 2 === 0) odd /= 2
  if (odd > 31 || accurate.has(odd)) return nearest
  return new Float32Array(Int32Array.of(new Int32Array(Float32Array.of(nearest).buffer)[0] - 1).buffer)[0]
}
