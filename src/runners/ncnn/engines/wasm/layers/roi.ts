// ROIAlign, ROIPooling, PSROIPooling: a region of interest of an image, brought to a fixed size.
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { checkRank } from '../shapes/axes.ts'

const pooledSize = { pooled_width: int(0), pooled_height: int(1), spatial_scale: float(2, 1) } as const

/** Most sampling points along an axis of one bin: far more than any image has pixels. */
const maxSamples = 2 ** 20

/** y[c, pooled_height, pooled_width] = averages of x at points spread over the bins of a region, read by linear interpolation */
export const ROIAlign = defineLayer({
  type: 'ROIAlign',
  inputs: '2',
  params: { ...pooledSize, sampling_ratio: int(3), aligned: int(4), version: int(5) },
  forward([x, region], { params }, workspace) {
    const { pooled_width, pooled_height, spatial_scale, aligned, version } = params
    if (version !== 0 && version !== 1) throw new NcnnError(`version must be 0 or 1, found ${version}`)
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

/** y[c, pooled_height, pooled_width] = the maximum of x over each bin of a region of whole elements; 0 over bins outside the image */
export const ROIPooling = defineLayer({
  type: 'ROIPooling',
  inputs: '2',
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

/** y[output_dim, pooled_height, pooled_width] = averages over the bins of a region, each bin read from a channel of its own */
export const PSROIPooling = defineLayer({
  type: 'PSROIPooling',
  inputs: '2',
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

/** A bin along one axis: its first element and the one behind its last. */
interface Bin {
  readonly start: number
  readonly end: number
}

const isEmpty = ({ start, end }: Bin): boolean => !(end > start)

function cutBin(start: number, end: number, length: number): Bin {
  return { start: Math.min(Math.max(start, 0), length), end: Math.min(Math.max(end, 0), length) }
}

/** Left, top, right, bottom: the first four elements of the second input. */
function readRegion({ data, length }: Blob): number[] {
  if (length < 4)
    throw new NcnnError(`the second input must hold the 4 coordinates of a region, it has ${length} elements`)
  return Array.from(data.subarray(0, 4))
}

function checkImage(x: Blob, pooled_width: number, pooled_height: number): readonly number[] {
  checkRank(x.shape, 3)
  if (pooled_width < 1 || pooled_height < 1) {
    throw new NcnnError(`pooled_width and pooled_height must be positive, found ${pooled_width} and ${pooled_height}`)
  }
  return x.shape
}

/** Rounds half away from zero, as C does. */
const roundHalfAway = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5)
