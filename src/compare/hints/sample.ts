// Some positions of both sides, evenly spread: what hypotheses are tried on before all elements are read.
import { countedTogether } from '../../kernels/compare.ts'
import type { Counts, Sums } from './sums.ts'

/** Positions of pairs of finite elements: some that are equal, some that differ. */
export interface Sample {
  readonly equal: Int32Array
  readonly differing: Int32Array
  /** Sum of the squared errors of those that differ. */
  readonly error: number
}

/** At most `most` positions of each kind, evenly spread over those of that kind, but out of step with the axes. */
export function samplePositions(a: Float64Array, r: Float64Array, sums: Sums, counts: Counts, most: number): Sample {
  const { count, differing: total } = sums
  const differing = choose(a, r, false, counts, total, most)
  let error = 0
  for (let k = 0; k < differing.length; k++) error += squareAt(a, r, differing[k])
  return { equal: choose(a, r, true, counts, count - total, most), differing, error }
}

function squareAt(a: Float64Array, r: Float64Array, i: number): number {
  const distance = a[i] - r[i]
  return distance * distance
}

/** The same sample, with the largest errors first. */
export function largestFirst(a: Float64Array, r: Float64Array, sample: Sample): Sample {
  const squares = Float64Array.from(sample.differing, (i) => squareAt(a, r, i))
  const order = Array.from(squares.keys()).sort((i, j) => squares[j] - squares[i])
  return { ...sample, differing: Int32Array.from(order, (i) => sample.differing[i]) }
}

/** `most` of the `total` positions of pairs that are equal, or of those that differ; all when there are no more. */
function choose(
  a: Float64Array,
  r: Float64Array,
  areEqual: boolean,
  counts: Counts,
  total: number,
  most: number,
): Int32Array {
  const chosen = new Int32Array(Math.min(total, most))
  const step = Math.max(1, total / most)
  const kind = areEqual ? 0 : 1
  let [found, group, before] = [0, 0, 0]
  for (let last = -1; found < chosen.length; ) {
    const even = step === 1 ? found : Math.floor((found + 0.99 * ((found * 0.6180339887498949) % 1)) * step)
    const rank = Math.max(even, last + 1)
    if (rank >= total) break
    while (before + counts[2 * group + kind] <= rank) before += counts[2 * group++ + kind]
    const [count, skipped] = [counts[2 * group + kind], rank - before]
    chosen[found++] =
      step < countedTogether / 2
        ? positionOf(a, r, areEqual, group, count, skipped)
        : positionNear(a, r, areEqual, group, count, skipped)
    last = rank
  }
  return chosen.subarray(0, found)
}

/** The position of the pair that comes after `skipped` others of its kind in a group, which has `count` of them. */
function positionOf(
  a: Float64Array,
  r: Float64Array,
  areEqual: boolean,
  group: number,
  count: number,
  skipped: number,
): number {
  const start = group * countedTogether
  if (count === countedTogether) return start + skipped
  let left = skipped
  for (let i = start; ; i++) if (isOfKind(a[i], r[i], areEqual) && left-- === 0) return i
}

/** About that position, found sooner: no other of the group is chosen. */
function positionNear(
  a: Float64Array,
  r: Float64Array,
  areEqual: boolean,
  group: number,
  count: number,
  skipped: number,
): number {
  const start = group * countedTogether
  const length = Math.min(countedTogether, a.length - start)
  for (let k = Math.floor((skipped * length) / count); ; k++) {
    const i = start + (k % length)
    if (isOfKind(a[i], r[i], areEqual)) return i
  }
}

/** Whether a pair is of finite elements, and of those that are equal or of those that differ. */
function isOfKind(x: number, y: number, areEqual: boolean): boolean {
  return (x === y) === areEqual && x - x === 0 && y - y === 0
}
