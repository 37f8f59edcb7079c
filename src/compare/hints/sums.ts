// Sums over all elements of both sides, in one pass: by a WebAssembly kernel where the tensor is large enough for it, else in JavaScript.
import { countedTogether, type Moments, momentsOf } from '../../kernels/compare.ts'

/** Sums that are taken about a pivot, a number near the mean, lose nothing when the mean is large. */
export interface Sums extends Moments {
  readonly pivotActual: number
  readonly pivotReference: number
}

/** How many pairs of finite elements of each group are equal, and how many differ: two bytes for each {@link countedTogether} pairs. */
export type Counts = Uint8Array

export const newCounts = (length: number): Counts => new Uint8Array(2 * Math.ceil(length / countedTogether))

/** Sums up all pairs, and counts them in `counts`; `withKernel` where that has been, or is worth being, compiled. */
export function sumUp(a: Float64Array, r: Float64Array, counts: Counts, withKernel: boolean): Sums {
  const [pivotActual, pivotReference] = [pivotOf(a), pivotOf(r)]
  const found = withKernel ? momentsOf(a, r, pivotActual, pivotReference, counts) : undefined
  return { ...(found ?? sumInGroups(a, r, pivotActual, pivotReference, counts)), pivotActual, pivotReference }
}

/** A sum of products of distances from pivots, whose own sums are `a` and `r`, as one of distances from the means. */
export function aboutMeans(products: number, a: number, r: number, count: number): number {
  return count === 0 ? 0 : products - (a * r) / count
}

/** How many elements a pivot is the mean of, about. */
const forPivot = 256

/** About the mean: that of some of the elements. Of a constant it is that constant. */
function pivotOf(values: Float64Array): number {
  const step = Math.max(1, Math.floor(values.length / forPivot))
  let [first, sum, count] = [Number.NaN, 0, 0]
  for (let i = 0; i < values.length; i += step) {
    const x = values[i]
    // NaN and Infinity minus themselves are NaN
    if (x - x !== 0) continue
    if (count++ === 0) first = x
    else sum += x - first
  }
  const pivot = first + sum / count
  return pivot - pivot === 0 ? pivot : 0
}

function sumInGroups(
  a: Float64Array,
  r: Float64Array,
  pivotActual: number,
  pivotReference: number,
  counts: Counts,
): Moments {
  const sums: Moments = {
    count: 0,
    differing: 0,
    zeros: 0,
    error: 0,
    fourths: 0,
    powerActual: 0,
    powerReference: 0,
    sumActual: 0,
    sumReference: 0,
    squaresActual: 0,
    squaresReference: 0,
    products: 0,
    leastActual: Infinity,
    greatestActual: -Infinity,
    leastReference: Infinity,
    greatestReference: -Infinity,
  }
  for (let start = 0; start < a.length; start += countedTogether) {
    addGroup(sums, a, r, pivotActual, pivotReference, counts, start)
  }
  return sums
}

function addGroup(
  sums: Moments,
  a: Float64Array,
  r: Float64Array,
  pivotActual: number,
  pivotReference: number,
  counts: Counts,
  start: number,
): void {
  let [equal, differing] = [0, 0]
  const end = Math.min(start + countedTogether, a.length)
  for (let i = start; i < end; i++) {
    const x = a[i]
    const y = r[i]
    if (x - x !== 0 || y - y !== 0) continue
    if (x === y) {
      equal++
      if (x === 0) sums.zeros++
    } else {
      const square = (x - y) * (x - y)
      differing++
      sums.error += square
      sums.fourths += square * square
    }
    if (x < sums.leastActual) sums.leastActual = x
    if (x > sums.greatestActual) sums.greatestActual = x
    if (y < sums.leastReference) sums.leastReference = y
    if (y > sums.greatestReference) sums.greatestReference = y
    const u = x - pivotActual
    const v = y - pivotReference
    sums.powerActual += x * x
    sums.powerReference += y * y
    sums.sumActual += u
    sums.sumReference += v
    sums.squaresActual += u * u
    sums.squaresReference += v * v
    sums.products += u * v
  }
  sums.count += equal + differing
  sums.differing += differing
  counts[(2 * start) / countedTogether] = equal
  counts[(2 * start) / countedTogether + 1] = differing
}
