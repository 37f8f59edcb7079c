// Counts errors per decade: how many lie between 1e-5 and 1e-4?
import type { ErrorHistogram } from '../comparison.ts'

// the decades of float64, that of the least subnormal included
const firstDecade = -324
const lastDecade = 308

/** `powersOfTen[i]` is the double nearest to 10^(firstDecade + i); behind the last one lies Infinity. */
const powersOfTen: Float64Array = Float64Array.from({ length: lastDecade - firstDecade + 2 }, (_, i) =>
  Number(`1e${firstDecade + i}`),
)

/** The least error of a decade, by its position among the counts; Infinity behind the last. */
export function powerOfTen(decade: number): number {
  return powersOfTen[decade]
}

/** A count for each decade of float64. */
export function newDecadeCounts(): Float64Array {
  return new Float64Array(powersOfTen.length - 1)
}

/** Position among the counts of the decade that holds `error`: from one power of ten to the next, the latter excluded. */
export function decadeOf(error: number): number {
  let decade = Math.max(0, Math.min(lastDecade - firstDecade, Math.floor(Math.log10(error)) - firstDecade))
  while (decade > 0 && error < powersOfTen[decade]) decade--
  while (decade < lastDecade - firstDecade && error >= powersOfTen[decade + 1]) decade++
  return decade
}

/** As {@link decadeOf}, of an error that is not in decade `other`: it is mostly in one beside it, and a logarithm is slow. */
function decadeNear(error: number, other: number): number {
  if (error >= powersOfTen[other - 1] && error < powersOfTen[other]) return other - 1
  if (error >= powersOfTen[other + 1] && error < powersOfTen[other + 2]) return other + 1
  return decadeOf(error)
}

/** Adds the errors above zero to `counts`, and returns how many are zero. */
export function countDecades(counts: Float64Array, errors: Float64Array): number {
  let zeros = 0
  for (let start = 0; start < errors.length; start += block) {
    zeros += countBlock(counts, errors, start, Math.min(start + block, errors.length))
  }
  return zeros
}

/** A function that is called often is optimised sooner than one that loops for long. */
const block = 4096

function countBlock(counts: Float64Array, errors: Float64Array, start: number, end: number): number {
  let zeros = 0
  let decade = 0
  for (let i = start; i < end; i++) {
    const error = errors[i]
    if (error === 0) {
      zeros++
      continue
    }
    if (error < powersOfTen[decade] || error >= powersOfTen[decade + 1]) decade = decadeNear(error, decade)
    counts[decade]++
  }
  return zeros
}

/** The counts without the empty decades at both ends. */
export function toHistogram(counts: Float64Array, zeros: number): ErrorHistogram {
  let [first, end] = [0, counts.length]
  while (first < end && counts[first] === 0) first++
  while (first < end && counts[end - 1] === 0) end--
  return { first: first === end ? 0 : firstDecade + first, counts: Array.from(counts.subarray(first, end)), zeros }
}
