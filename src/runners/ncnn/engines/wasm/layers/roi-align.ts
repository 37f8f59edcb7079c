// ROIAlign: a region of an image brought to a fixed size by linear interpolation.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { checkImage, pooledSize, readRegion } from '../operations/regions.ts'
import { atLeast, within } from '../param-checks.ts'

/** Most sampling points along an axis of one bin: far more than any image has pixels. */
const maxSamples = 2 ** 20

/** y[c, pooled_height, pooled_width] = averages of x at points spread over the bins of a region, read by linear interpolation */
export const ROIAlign = defineLayer({
  type: 'ROIAlign',
  binaryId: 61,
  inputs: '2',
  elements: 'float32',
  stores16: false,
  params: { ...pooledSize, sampling_ratio: int(3), aligned: int(4), version: int(5) },
  check({ pooled_width, pooled_height, version }) {
    atLeast(1, { pooled_width, pooled_height })
    within(0, 1, { version })
  },
  forward([x, region], { params }, workspace) {
    const { pooled_width, pooled_height, spatial_scale, aligned, version } = params
    const [channels, h, w] = checkImage(x, pooled_width, pooled_height)
    const round = workspace.float === 'float32' ? Math.fround : (value: number) => value
    const shift = aligned ? 0.5 : 0
    const [x1, y1, x2, y2] = readRegion(region).map((value) => round(round(value * spatial_scale) - shift))
    const bins = (start: number, end: number, length: number, count: number): AlignedBin[] => {
      const size = aligned ? round(end - start) : Math.max(round(end - start), 1)
      const along = { start, size, count, length, ratio: params.sampling_ratio, round }
      return Array.from({ length: count }, (_, i) => (version === 0 ? originalBin(along, i) : detectronBin(along, i)))
    }
    const y = workspace.alloc([channels, pooled_height, pooled_width])
    const [alongH, alongW] = [bins(y1, y2, h, pooled_height), bins(x1, x2, w, pooled_width)]
    averageBins(x, y, channels, h, w, alongH, alongW)
    return y
  },
})

/** A bin along one axis: the weights of consecutive elements, and how many sampling points they come from. */
interface AlignedBin {
  readonly first: number
  readonly weights: readonly number[]
  readonly samples: number
}

/** A region along one axis, divided into `count` bins. */
interface RegionAxis {
  readonly start: number
  readonly size: number
  readonly count: number
  /** Of the image. */
  readonly length: number
  readonly ratio: number
  readonly round: (value: number) => number
}

const emptyBin: AlignedBin = { first: 0, weights: [], samples: 1 }

/** ncnn's first version: the bin is cut to the image, and has as many points as elements. */
function originalBin({ start, size, count, length, ratio, round }: RegionAxis, i: number): AlignedBin {
  const step = round(size / count)
  const from = Math.min(Math.max(round(start + i * step), 0), length)
  const to = Math.min(Math.max(round(start + (i + 1) * step), 0), length)
  if (!(to > from)) return emptyBin
  const samples = checkSamples(ratio > 0 ? ratio : Math.ceil(Math.fround(to - from)))
  return interpolationWeights(
    Array.from({ length: samples }, (_, k) => round(from + round((k + 0.5) * step) / samples)),
    samples,
    length,
  )
}

/** detectron2's: the points of every bin are as dense as the region's size asks for, those beyond the image count as 0. */
function detectronBin({ start, size, count, length, ratio, round }: RegionAxis, i: number): AlignedBin {
  const step = round(size / count)
  const samples = checkSamples(ratio > 0 ? ratio : Math.ceil(Math.fround(step)))
  if (samples < 1) return emptyBin
  const points = Array.from({ length: samples }, (_, k) => round(start + i * step + round((k + 0.5) * step) / samples))
  const inside = points.filter((point) => point >= -1 && point <= length).map((point) => Math.max(point, 0))
  return interpolationWeights(inside, samples, length)
}

function checkSamples(samples: number): number {
  if (samples <= maxSamples) return samples
  throw new NcnnError(`a bin would need ${samples} sampling points along an axis`)
}

/** Adds up how much each element counts when the image is read at all these points by linear interpolation. */
function interpolationWeights(points: readonly number[], samples: number, length: number): AlignedBin {
  if (points.length === 0) return emptyBin
  const last = length - 1
  const cell = (point: number): number => Math.min(Math.trunc(point), last)
  const first = Math.min(...[points[0], points[points.length - 1]].map(cell))
  const weights: number[] = []
  const add = (index: number, weight: number): void => {
    while (weights.length <= index - first) weights.push(0)
    weights[index - first] += weight
  }
  for (const point of points) {
    const low = cell(point)
    const part = low < last ? point - low : 0
    add(low, 1 - part)
    if (part > 0) add(low + 1, part)
  }
  return { first, weights, samples }
}

function averageBins(
  x: Blob,
  y: Blob,
  channels: number,
  h: number,
  w: number,
  alongH: readonly AlignedBin[],
  alongW: readonly AlignedBin[],
): void {
  const [source, target] = [x.data, y.data]
  let at = 0
  for (let channel = 0; channel < channels; channel++) {
    for (const rows of alongH) {
      for (const columns of alongW) {
        let sum = 0
        for (const [i, rowWeight] of rows.weights.entries()) {
          const from = (channel * h + rows.first + i) * w + columns.first
          for (let j = 0; j < columns.weights.length; j++) sum += source[from + j] * columns.weights[j] * rowWeight
        }
        target[at++] = sum / (rows.samples * columns.samples)
      }
    }
  }
}
