// Pooling over any number of axes: along each axis a list of windows, and the maximum or the average over their product.
import { NcnnError } from '../../../error.ts'
import type { Blob, BlobArray } from '../memory/blob.ts'
import { atLeast, within } from '../param-checks.ts'
import { type Border, samePadding } from '../shapes/same-padding.ts'

/** The windows along one axis, one for each output position. */
export interface Windows {
  readonly count: number
  /** First position inside the input, and the one behind the last. */
  readonly start: Int32Array
  readonly end: Int32Array
  /** How many positions an average divides by. */
  readonly counted: Int32Array
}

/** ncnn's `pad_mode`s. */
export const PadMode = { full: 0, valid: 1, sameUpper: 2, sameLower: 3 } as const

/** An output length that is the input's. */
export const asInput = -233

interface PoolingParams {
  readonly pooling_type: number
  readonly kernel_w: number
  readonly kernel_h?: number
  readonly kernel_d?: number
  readonly stride_w: number
  readonly stride_h?: number
  readonly stride_d?: number
  readonly global_pooling: number
  readonly pad_mode: number
  readonly adaptive_pooling: number
  readonly out_w: number
  readonly out_h?: number
  readonly out_d?: number
}

/** Refuses parameters with which ncnn does not load a pooling layer. What the kind of pooling does not use may be anything. */
export function checkPooling(params: PoolingParams): void {
  const { pooling_type, pad_mode, kernel_w, stride_w, out_w } = params
  within(0, 1, { pooling_type })
  if (params.global_pooling) return
  if (params.adaptive_pooling) {
    const { out_h = out_w, out_d = out_w } = params
    for (const [name, length] of Object.entries({ out_w, out_h, out_d })) {
      if (length !== asInput) atLeast(1, { [name]: length })
    }
    return
  }
  const { kernel_h = kernel_w, kernel_d = kernel_w, stride_h = stride_w, stride_d = stride_w } = params
  atLeast(1, { kernel_w, kernel_h, kernel_d, stride_w, stride_h, stride_d })
  within(0, 3, { pad_mode })
}

/** A sliding window's parameters along one axis. */
export interface Sliding {
  readonly kernel: number
  readonly stride: number
  readonly padBefore: number
  readonly padAfter: number
}

/** The padding that `pad_mode` puts around an input of these lengths, outermost axis first. */
export function borders(lengths: readonly number[], sliding: readonly Sliding[], padMode: number): Border[] {
  switch (padMode) {
    case PadMode.full:
      return lengths.map((length, axis) => {
        const { kernel, stride, padBefore, padAfter } = sliding[axis]
        const tail = (length + padBefore + padAfter - kernel) % stride
        return [padBefore, padAfter + (tail === 0 ? 0 : stride - tail)]
      })
    case PadMode.valid:
      return sliding.map(({ padBefore, padAfter }) => [padBefore, padAfter])
    case PadMode.sameUpper:
    case PadMode.sameLower:
      return samePadding(
        lengths.map((length, axis) => {
          const { kernel, stride } = sliding[axis]
          // Along the depth ncnn knows the upper mode only.
          const isDepth = axis === lengths.length - 3
          return { length, extent: kernel, stride, odd: padMode === PadMode.sameUpper || isDepth ? 'behind' : 'before' }
        }),
      )
    default:
      throw new NcnnError(`pad_mode must be 0, 1, 2 or 3, found ${padMode}`)
  }
}

/** How many windows a kernel that slides over the padded input has. */
export function slidingCount(length: number, { kernel, stride }: Sliding, [before, after]: Border): number {
  const padded = before + length + after
  if (kernel > padded) throw new NcnnError(`a kernel of ${kernel} is larger than the padded input, ${padded}`)
  return Math.floor((padded - kernel) / stride) + 1
}

/** Checks the padding along an axis. */
export function checkPads({ padBefore, padAfter }: Sliding): void {
  if (padBefore >= 0 && padAfter >= 0) return
  throw new NcnnError(`a padding must not be negative, found ${padBefore} and ${padAfter}`)
}

/**
 * The windows of a kernel that slides over the padded input.
 * @param countPadding whether an average counts the padding. If not, ncnn counts what lies between `padBefore` and `padAfter` of
 *   the padded input: with the SAME modes, which do not ask these parameters how much to pad, that is not the input.
 */
export function slidingWindows(
  length: number,
  sliding: Sliding,
  border: Border,
  padMode: number,
  countPadding: boolean,
): Windows {
  const { kernel, stride, padBefore, padAfter } = sliding
  const [before, after] = border
  const padded = before + length + after
  const endInside = before + length + (padMode === PadMode.full ? 0 : after - padAfter)
  const [firstCounted, endCounted] = countPadding ? [0, padded] : [padBefore, endInside]
  return windows(slidingCount(length, sliding, border), (i) => {
    const from = Math.max(i * stride, firstCounted)
    const to = Math.min(i * stride + kernel, endCounted)
    return [Math.max(from - before, 0), Math.min(to - before, length), Math.max(to - from, 0)]
  })
}

/** Windows that divide the input into `count` parts as equal as possible; they overlap where they must. */
export function adaptiveWindows(length: number, count: number): Windows {
  checkAdaptive(count)
  return windows(count, (i) => {
    const start = Math.floor((i * length) / count)
    const end = Math.ceil(((i + 1) * length) / count)
    return [start, end, end - start]
  })
}

/** Checks how many windows there are to be along an axis. */
export function checkAdaptive(count: number): void {
  if (count < 1) throw new NcnnError(`the output must have a positive length, found ${count}`)
}

function windows(count: number, at: (i: number) => [start: number, end: number, counted: number]): Windows {
  const [start, end, counted] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)]
  for (let i = 0; i < count; i++) [start[i], end[i], counted[i]] = at(i)
  return { count, start, end, counted }
}

/** What a window takes: its maximum, or its average. */
export type PoolMethod = 'max' | 'average'

export const poolMethod = (pooling_type: number): PoolMethod => (pooling_type === 0 ? 'max' : 'average')

/** Depth, height and width; a missing axis has length 1 and one window. */
export type Triple<T> = readonly [d: T, h: T, w: T]

/** The maximum over nothing but padding, which is the least float32. */
const least = -(2 ** 128 - 2 ** 104)

/** target[channels, windows of d, h, w] = the maximum or average of source[channels, d, h, w] over each window. */
export function poolWindows(
  method: PoolMethod,
  x: Blob,
  y: Blob,
  shape: Triple<number>,
  windows: Triple<Windows>,
): void {
  const combine = method === 'max' ? maximum : average
  const [alongD, alongH, alongW] = windows
  const channelSize = shape[0] * shape[1] * shape[2]
  const [source, target] = [x.data, y.data]
  let at = 0
  for (let channel = 0; channel < x.length; channel += channelSize) {
    for (let d = 0; d < alongD.count; d++) {
      for (let h = 0; h < alongH.count; h++) {
        for (let w = 0; w < alongW.count; w++) target[at++] = combine(source, channel, shape, windows, d, h, w)
      }
    }
  }
}

type Combine = (
  source: BlobArray,
  channel: number,
  shape: Triple<number>,
  windows: Triple<Windows>,
  d: number,
  h: number,
  w: number,
) => number

const maximum: Combine = (source, channel, [, height, width], [alongD, alongH, alongW], d, h, w) => {
  let max: number | undefined
  for (let z = alongD.start[d]; z < alongD.end[d]; z++) {
    for (let y = alongH.start[h]; y < alongH.end[h]; y++) {
      const row = channel + (z * height + y) * width
      for (let x = alongW.start[w]; x < alongW.end[w]; x++) {
        const value = source[row + x]
        if (max === undefined || max < value) max = value
      }
    }
  }
  return max ?? least
}

const average: Combine = (source, channel, [, height, width], [alongD, alongH, alongW], d, h, w) => {
  let sum = 0
  for (let z = alongD.start[d]; z < alongD.end[d]; z++) {
    for (let y = alongH.start[h]; y < alongH.end[h]; y++) {
      const row = channel + (z * height + y) * width
      for (let x = alongW.start[w]; x < alongW.end[w]; x++) sum += source[row + x]
    }
  }
  return sum / (alongD.counted[d] * alongH.counted[h] * alongW.counted[w])
}
