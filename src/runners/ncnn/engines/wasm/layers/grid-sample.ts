// GridSample: an image or a volume read at arbitrary points.
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { cubicWeights } from '../operations/resample.ts'
import { within } from '../param-checks.ts'
import { checkRank } from '../shapes/axes.ts'

const sampleType = { bilinear: 1, nearest: 2, bicubic: 3 } as const
const paddingMode = { zeros: 1, border: 2, reflection: 3 } as const

/**
 * y[c, outh, outw] = x[c, h, w] at the points of the grid, whose coordinates run from -1 to 1 across the image; with one axis more
 * for volumes. The grid is [outh, outw, (x, y)], or with `permute_fusion` [(x, y), outh, outw].
 */
export const GridSample = defineLayer({
  type: 'GridSample',
  binaryId: 97,
  inputs: '2',
  elements: 'float32',
  stores16: false,
  params: { sample_type: int(0, 1), padding_mode: int(1, 1), align_corner: int(2), permute_fusion: int(3) },
  check: ({ sample_type, padding_mode }) => within(1, 3, { sample_type, padding_mode }),
  forward([x, grid], { params }, workspace) {
    const { sample_type, padding_mode, align_corner, permute_fusion } = params
    checkRank(x.shape, 3, 4)
    const [channels, ...lengths] = x.shape
    if (sample_type === sampleType.bicubic && lengths.length === 3) {
      throw new NcnnError('ncnn has no bicubic sampling of volumes')
    }
    const gridShape = !permute_fusion && grid.shape.length < x.shape.length ? [1, ...grid.shape] : grid.shape
    const outShape = permute_fusion ? gridShape.slice(1) : gridShape.slice(0, -1)
    const coordinates = permute_fusion ? gridShape[0] : gridShape[gridShape.length - 1]
    if (outShape.length !== lengths.length || coordinates !== lengths.length) {
      throw new NcnnError(`a grid of ${formatShape(grid.shape)} does not hold points of ${lengths.length} coordinates`)
    }
    const y = workspace.alloc([channels, ...outShape])
    const points = y.length / channels
    const [stride, nextCoordinate] = permute_fusion ? [1, points] : [coordinates, 1]
    if ([x, grid, y].every(({ dtype }) => dtype === 'float32')) {
      const { kernels, scratch } = workspace
      const [w, h, d = 1] = [...lengths].reverse()
      kernels.gridSample({
        sampleType: sample_type,
        axes: lengths.length,
        input: x.ptr,
        channels,
        d,
        h,
        w,
        grid: grid.ptr,
        axisStride: nextCoordinate,
        pointStride: stride,
        output: y.ptr,
        n: points,
        paddingMode: padding_mode,
        alignCorner: align_corner,
        scratch: scratch([kernels.gridSampleScratchBytes()], 'uint8').ptr,
      })
      return y
    }
    // Which element is nearest is decided in float32 as in ncnn, whatever the precision.
    const exact = workspace.float === 'float64' && sample_type !== sampleType.nearest
    const round = exact ? (value: number) => value : Math.fround
    const axes = lengths.map((length, axis): Axis => {
      // Coordinates are innermost axis first.
      return { length, offset: (lengths.length - 1 - axis) * nextCoordinate, stride }
    })
    const context = { sample_type, padding_mode, alignCorner: align_corner !== 0, round }
    samplePoints(x, grid, y, axes, points, context)
    return y
  },
})

/** One axis of the image: its length, and where the grid keeps the points' coordinates along it. */
interface Axis {
  readonly length: number
  readonly offset: number
  readonly stride: number
}

interface Sampling {
  readonly sample_type: number
  readonly padding_mode: number
  readonly alignCorner: boolean
  readonly round: (value: number) => number
}

/** Finds for each point the elements around it and their weights, then sums them in every channel. */
function samplePoints(x: Blob, grid: Blob, y: Blob, axes: readonly Axis[], points: number, sampling: Sampling): void {
  const [source, coordinates, target] = [x.data, grid.data, y.data]
  const channels = y.length / points
  const channelSize = x.length / channels
  const perAxis = tapsPerAxis[sampling.sample_type]
  const along = axes.map(() => emptyTaps(perAxis))
  const all = emptyTaps(axes.reduce((taps) => taps * perAxis, 1))
  for (let point = 0; point < points; point++) {
    for (const [i, { length, offset, stride }] of axes.entries()) {
      findTaps(coordinates[offset + point * stride], length, sampling, along[i])
    }
    combine(along, axes, all)
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0
      for (let k = 0; k < all.index.length; k++) {
        const index = all.index[k]
        sum += (index === outside ? 0 : source[channel * channelSize + index]) * all.weight[k]
      }
      target[channel * points + point] = sum
    }
  }
}

/** Elements and their weights; those outside the image count as 0. */
interface Taps {
  readonly index: Int32Array
  readonly weight: Float64Array
}

const outside = -1

/** By sample_type. */
const tapsPerAxis: readonly number[] = [0, 2, 1, 4]

function emptyTaps(count: number): Taps {
  return { index: new Int32Array(count), weight: new Float64Array(count) }
}

/** The elements along one axis that a coordinate is interpolated from. */
function findTaps(coordinate: number, length: number, sampling: Sampling, { index, weight }: Taps): void {
  const { sample_type, alignCorner, round } = sampling
  const inside = (i: number): number => (i >= 0 && i < length ? i : outside)
  const position = denormalize(coordinate, length, alignCorner, round)
  if (sample_type === sampleType.bicubic) {
    const below = Math.floor(position)
    weight.set(cubicWeights(round(position - below)))
    for (let k = 0; k < 4; k++) index[k] = inside(Math.trunc(applyPadding(below + k - 1, length, sampling)))
    return
  }
  const padded = applyPadding(position, length, sampling)
  if (sample_type === sampleType.nearest) {
    index[0] = inside(Math.floor(round(padded + 0.5)))
    weight[0] = 1
    return
  }
  const below = Math.floor(padded)
  const part = round(padded - below)
  index[0] = inside(below)
  index[1] = inside(below + 1)
  weight[0] = 1 - part
  weight[1] = part
}

/** From -1 ... 1 to element positions; the ends are the centres of the outermost elements, or else their edges. */
function denormalize(x: number, length: number, alignCorner: boolean, round: Sampling['round']): number {
  const shifted = round(x + 1)
  return alignCorner ? round((shifted / 2) * (length - 1)) : round(round(round(shifted * length) - 1) / 2)
}

/** Moves positions beyond the image to its border, or mirrors them (once, as ncnn does). */
function applyPadding(position: number, length: number, { padding_mode, alignCorner, round }: Sampling): number {
  if (padding_mode === paddingMode.zeros) return position
  const clamp = (x: number): number => Math.min(length - 1, Math.max(x, 0))
  if (padding_mode === paddingMode.border) return clamp(position)
  const reflect = (x: number, high: number): number => round(high - Math.abs(round(Math.abs(x) - high)))
  return alignCorner ? reflect(position, length - 1) : clamp(round(reflect(round(position + 0.5), length) - 0.5))
}

/** The product of the taps of all axes, as positions in a dense image. */
function combine(along: readonly Taps[], axes: readonly Axis[], { index, weight }: Taps): void {
  index[0] = 0
  weight[0] = 1
  let count = 1
  for (const [axis, { length }] of axes.entries()) {
    const inner = along[axis]
    const perAxis = inner.index.length
    // From the back, so that no outer tap is overwritten before it was read.
    for (let i = count - 1; i >= 0; i--) {
      const [outerIndex, outerWeight] = [index[i], weight[i]]
      for (let j = perAxis - 1; j >= 0; j--) {
        const hidden = outerIndex === outside || inner.index[j] === outside
        index[i * perAxis + j] = hidden ? outside : outerIndex * length + inner.index[j]
        weight[i * perAxis + j] = outerWeight * inner.weight[j]
      }
    }
    count *= perAxis
  }
}
