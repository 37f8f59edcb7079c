// Scales the slices of a tensor to a common size, in float64: unit length, unit range, a probability distribution.
import { toFloat64 } from './decode.ts'
import { formatShape, sizeOf, unravelIndex } from './shape.ts'
import type { Tensor } from './tensor.ts'
import { transpose } from './transpose.ts'

export type NormalizationName = 'l2' | 'l1' | 'max' | 'minmax' | 'zscore' | 'softmax'

/** Normalises one slice in place; returns why it cannot be done, or undefined when it was. */
type SliceNormalizer = (slice: Float64Array) => string | undefined

/** `x / scale`, unless there is no scale. Non-finite elements keep their value: they were not part of the scale. */
function divide(slice: Float64Array, offset: number, scale: number, problem: string): string | undefined {
  if (scale === 0) return problem
  if (!Number.isFinite(scale)) return 'spans more than float64 can hold'
  for (let i = 0; i < slice.length; i++) {
    const value = slice[i] ?? 0
    if (Number.isFinite(value)) slice[i] = (value - offset) / scale
  }
  return undefined
}

/** Folds the finite elements of a slice. */
function fold(slice: Float64Array, start: number, step: (accumulated: number, value: number) => number): number {
  let accumulated = start
  for (const value of slice) if (Number.isFinite(value)) accumulated = step(accumulated, value)
  return accumulated
}

function rangeOf(slice: Float64Array): [least: number, greatest: number] {
  return [fold(slice, Infinity, Math.min), fold(slice, -Infinity, Math.max)]
}

const largestMagnitude = (slice: Float64Array): number => fold(slice, 0, (most, x) => Math.max(most, Math.abs(x)))

/** Euclidean length, with the elements divided by the largest first when their squares would overflow or vanish. */
function euclideanNorm(slice: Float64Array): number {
  const direct = Math.sqrt(fold(slice, 0, (sum, x) => sum + x * x))
  if (direct > 1e-140 && direct < 1e150) return direct
  const largest = largestMagnitude(slice)
  return largest === 0 ? 0 : largest * Math.sqrt(fold(slice, 0, (sum, x) => sum + (x / largest) ** 2))
}

const allZero = 'is all zero'
const isConstant = 'is constant'

/** Each by its usual definition; the standard deviation of `zscore` is that of the population (divided by n). */
const normalizers: Readonly<Record<NormalizationName, SliceNormalizer>> = {
  l2: (slice) => divide(slice, 0, euclideanNorm(slice), allZero),
  l1: (slice) =>
    divide(
      slice,
      0,
      fold(slice, 0, (sum, x) => sum + Math.abs(x)),
      allZero,
    ),
  max: (slice) => divide(slice, 0, largestMagnitude(slice), allZero),
  minmax(slice) {
    const [least, greatest] = rangeOf(slice)
    return divide(slice, least, greatest - least, isConstant)
  },
  zscore(slice) {
    const [least, greatest] = rangeOf(slice)
    const count = fold(slice, 0, (n) => n + 1)
    const mean = fold(slice, 0, (sum, x) => sum + x) / count
    const variance = fold(slice, 0, (sum, x) => sum + (x - mean) ** 2) / count
    return divide(slice, mean, least === greatest ? 0 : Math.sqrt(variance), isConstant)
  },
  softmax(slice) {
    const [, greatest] = rangeOf(slice)
    for (let i = 0; i < slice.length; i++) {
      const value = slice[i] ?? 0
      slice[i] = value === Infinity ? Number.NaN : Math.exp(value - greatest)
    }
    return divide(
      slice,
      0,
      fold(slice, 0, (sum, x) => sum + x),
      allZero,
    )
  },
}

export const normalizationNames = Object.keys(normalizers) as readonly NormalizationName[]

/** Turns axes that may count from the end into a sorted list without repetition. */
export function resolveAxes(axes: readonly number[], rank: number): number[] {
  const resolved = axes.map((axis) => {
    if (axis < -rank || axis >= rank) {
      throw new RangeError(`axis ${axis} is out of range for a tensor with ${rank} ${rank === 1 ? 'axis' : 'axes'}`)
    }
    return axis < 0 ? axis + rank : axis
  })
  if (new Set(resolved).size !== resolved.length) throw new RangeError(`axis [${axes.join(', ')}] names an axis twice`)
  return resolved.sort((a, b) => a - b)
}

/**
 * Normalises each slice along `axes` (default: the last axis; a scalar is one slice). The result is float64.
 *
 * Non-finite elements stay what they are and take no part in the scale, so they can neither hide nor spread; for `softmax`,
 * `-Infinity` is a probability of zero.
 *
 * @throws RangeError when a slice has no direction or range (all zero, constant), naming tensor and slice: the quotient would be NaN.
 */
export function normalize(
  tensor: Tensor,
  method: NormalizationName,
  axes: readonly number[] | undefined,
  name: string,
): Tensor {
  const rank = tensor.shape.length
  const along = resolveAxes(axes ?? (rank === 0 ? [] : [-1]), rank)
  const across = tensor.shape.map((_, axis) => axis).filter((axis) => !along.includes(axis))
  const order = [...across, ...along]
  const decoded: Tensor = { data: toFloat64(tensor), shape: tensor.shape, dtype: 'float64' }
  const rows = transpose(decoded, order)
  const acrossShape = across.map((axis) => tensor.shape[axis] ?? 1)
  const rowLength = sizeOf(along.map((axis) => tensor.shape[axis] ?? 1))
  const data = rows.data as Float64Array
  const normalizeSlice = normalizers[method]
  for (let start = 0, row = 0; start < data.length; start += rowLength, row++) {
    const slice = data.subarray(start, start + rowLength)
    const problem = slice.some(Number.isFinite) ? normalizeSlice(slice) : undefined
    if (problem !== undefined) {
      const where =
        across.length === 0
          ? ''
          : ` in slice ${formatShape(unravelIndex(row, acrossShape))} of ${formatShape(acrossShape)}`
      throw new RangeError(
        `normalize '${method}': ${name} ${problem}${where}, so it cannot be normalised (along axis ${along.join(', ')} of ${formatShape(tensor.shape)})`,
      )
    }
  }
  const inverse = order.map((_, axis) => order.indexOf(axis))
  return transpose(rows, inverse)
}
