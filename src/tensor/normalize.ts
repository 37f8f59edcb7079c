// Scales the slices of a tensor to a common size, in float64: unit length, unit range, a probability distribution.
import { toFloat64 } from './decode.ts'
import { formatShape, sizeOf, unravelIndex } from './shape.ts'
import type { Tensor } from './tensor.ts'
import { transpose } from './transpose.ts'

export type NormalizationName = 'l2' | 'l1' | 'max' | 'minmax' | 'zscore' | 'softmax'

/** Normalizes one slice in place; returns why it cannot be done, or undefined when it was. */
type SliceNormalizer = (slice: Float64Array) => string | undefined

/** `(x - offset) / scale`. Non-finite elements keep their value: they were not part of the scale. */
function divide(slice: Float64Array, offset: number, scale: number): string | undefined {
  if (!Number.isFinite(scale)) return 'spans more than float64 can hold'
  for (let i = 0; i < slice.length; i++) {
    const value = slice[i]
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

/** A slice that is all zero has no direction: it stays what it is. */
function divideUnlessZero(slice: Float64Array, scale: number): string | undefined {
  return scale === 0 ? undefined : divide(slice, 0, scale)
}

const isConstant = 'is constant'

/** Each by its usual definition; the standard deviation of `zscore` is that of the population (divided by n). */
const normalizers: Readonly<Record<NormalizationName, SliceNormalizer>> = {
  l2: (slice) => divideUnlessZero(slice, euclideanNorm(slice)),
  l1: (slice) =>
    divideUnlessZero(
      slice,
      fold(slice, 0, (sum, x) => sum + Math.abs(x)),
    ),
  max: (slice) => divideUnlessZero(slice, largestMagnitude(slice)),
  minmax(slice) {
    const [least, greatest] = rangeOf(slice)
    return least === greatest ? isConstant : divide(slice, least, greatest - least)
  },
  zscore(slice) {
    const [least, greatest] = rangeOf(slice)
    const count = fold(slice, 0, (n) => n + 1)
    const mean = fold(slice, 0, (sum, x) => sum + x) / count
    const variance = fold(slice, 0, (sum, x) => sum + (x - mean) ** 2) / count
    return least === greatest ? isConstant : divide(slice, mean, Math.sqrt(variance))
  },
  softmax(slice) {
    const [, greatest] = rangeOf(slice)
    for (let i = 0; i < slice.length; i++) {
      const value = slice[i]
      slice[i] = value === Infinity ? Number.NaN : Math.exp(value - greatest)
    }
    return divide(
      slice,
      0,
      fold(slice, 0, (sum, x) => sum + x),
    )
  },
}

export const normalizationNames = Object.keys(normalizers) as readonly NormalizationName[]

/** Turns axes that may count from the end into a sorted list without repetition. */
function resolveAxes(axes: readonly number[], rank: number): number[] {
  const resolved = axes.map((axis) => {
    if (axis < -rank || axis >= rank) {
      throw new RangeError(`axis ${axis} is out of range for a tensor with ${rank} ${rank === 1 ? 'axis' : 'axes'}`)
    }
    return axis < 0 ? axis + rank : axis
  })
  if (new Set(resolved).size !== resolved.length) throw new RangeError(`axis [${axes.join(', ')}] names an axis twice`)
  return resolved.sort((a, b) => a - b)
}

/** A tensor as rows, each a slice along `axes`. */
interface Rows {
  readonly tensor: Tensor
  readonly data: Float64Array
  readonly rowLength: number
  /** Puts the axes of `tensor` back where they were. */
  readonly inverse: readonly number[]
  /** `" in slice [1] of [2]"`; nothing when there is but one. */
  readonly nameOf: (row: number) => string
}

function rowsAlong(tensor: Tensor, axes: readonly number[] | undefined): Rows {
  const rank = tensor.shape.length
  const along = alongAxes(axes, rank)
  const across = tensor.shape.map((_, axis) => axis).filter((axis) => !along.includes(axis))
  const order = [...across, ...along]
  const decoded: Tensor = { data: toFloat64(tensor), shape: tensor.shape, dtype: 'float64' }
  const rows = transpose(decoded, order)
  const acrossShape = across.map((axis) => tensor.shape[axis])
  return {
    tensor: rows,
    data: rows.data as Float64Array,
    rowLength: sizeOf(along.map((axis) => tensor.shape[axis])),
    inverse: order.map((_, axis) => order.indexOf(axis)),
    nameOf: (row) =>
      across.length === 0
        ? ''
        : ` in slice ${formatShape(unravelIndex(row, acrossShape))} of ${formatShape(acrossShape)}`,
  }
}

function alongAxes(axes: readonly number[] | undefined, rank: number): number[] {
  return resolveAxes(axes ?? (rank === 0 ? [] : [-1]), rank)
}

/**
 * Normalizes each slice along `axes` (default: the last axis; a scalar is one slice). The result is float64.
 *
 * Non-finite elements stay what they are and take no part in the scale, so they can neither hide nor spread; for `softmax`,
 * `-Infinity` is a probability of zero. A slice that is all zero stays so under `l2`, `l1` and `max`.
 *
 * @throws RangeError when a slice has no range (`minmax`, `zscore`), naming tensor and slice: the quotient would be NaN.
 */
export function normalize(
  tensor: Tensor,
  method: NormalizationName,
  axes: readonly number[] | undefined,
  name: string,
): Tensor {
  const { tensor: rows, data, rowLength, inverse, nameOf } = rowsAlong(tensor, axes)
  const normalizeSlice = normalizers[method]
  for (let start = 0, row = 0; start < data.length; start += rowLength, row++) {
    const slice = data.subarray(start, start + rowLength)
    const problem = slice.some(Number.isFinite) ? normalizeSlice(slice) : undefined
    if (problem !== undefined) {
      const along = alongAxes(axes, tensor.shape.length).join(', ')
      const apart = slice.every(Number.isFinite) ? '' : ', apart from NaN and infinities'
      const where = along === '' ? 'a scalar' : `along axis ${along} of ${formatShape(tensor.shape)}`
      throw new RangeError(
        `normalize '${method}': ${name} ${problem}${apart}${nameOf(row)}, so it cannot be normalized (${where})`,
      )
    }
  }
  return transpose(rows, inverse)
}

/** The first slice that is all zero in one of two tensors of one shape and not in the other: which has it, and where. */
export function findLoneZeroSlice(
  actual: Tensor,
  reference: Tensor,
  axes: readonly number[] | undefined,
): { readonly side: 'actual' | 'reference'; readonly where: string } | undefined {
  const { data, rowLength, nameOf } = rowsAlong(actual, axes)
  const other = rowsAlong(reference, axes).data
  const isZero = (value: number) => value === 0
  for (let start = 0, row = 0; start < data.length; start += rowLength, row++) {
    const ours = data.subarray(start, start + rowLength).every(isZero)
    const theirs = other.subarray(start, start + rowLength).every(isZero)
    if (ours !== theirs) return { side: ours ? 'actual' : 'reference', where: nameOf(row) }
  }
  return undefined
}
