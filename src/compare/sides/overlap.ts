// Whether tensors of different lengths hold the same numbers where both have some: a frame, a class or a token too many.
import { elementAt } from '../../tensor/decode.ts'
import { sizeOf } from '../../tensor/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'

/** How far elements may be apart, as a share of the root mean square of the reference. */
const tolerance = 1e-3

/** More than this many are sampled. */
const mostElements = 2 ** 14

/** Fewer that agree may do so by chance. */
const leastElements = 8

/** Where the shorter axes begin in the longer ones. */
const places = {
  'at the end': () => 0,
  'at the start': (surplus: number) => surplus,
  'on both sides': (surplus: number) => Math.floor(surplus / 2),
} as const

/**
 * `where they overlap they agree to a thousandth: actual has 1 more at the start of axis 1`, of tensors of as many axes; undefined
 * when they do not agree, or one has less than the other along one axis and more along another.
 */
export function overlapRemedy(actual: Tensor, reference: Tensor): string | undefined {
  const [a, r] = [actual.shape, reference.shape]
  if (a.length !== r.length) return undefined
  const differing = a.flatMap((length, axis) => (length === r[axis] ? [] : [axis]))
  const actualIsLonger = differing.every((axis) => a[axis] > r[axis])
  if (differing.length === 0 || (!actualIsLonger && !differing.every((axis) => a[axis] < r[axis]))) return undefined
  const [longer, shorter] = actualIsLonger ? [actual, reference] : [reference, actual]
  if (sizeOf(shorter.shape) < leastElements) return undefined
  const place = (Object.keys(places) as (keyof typeof places)[]).find((name) => agree(longer, shorter, places[name]))
  if (place === undefined) return undefined
  const more = differing.map((axis) => `${Math.abs(a[axis] - r[axis])} along axis ${axis}`).join(' and ')
  return `where they overlap they agree to a thousandth: ${actualIsLonger ? 'actual' : 'the reference'} has ${more} more, ${place}`
}

function agree(longer: Tensor, shorter: Tensor, begin: (surplus: number) => number): boolean {
  const begins = longer.shape.map((length, axis) => begin(length - shorter.shape[axis]))
  const size = sizeOf(shorter.shape)
  const step = Math.max(1, Math.floor(size / mostElements))
  let squares = 0
  let sum = 0
  let greatest = 0
  let count = 0
  for (let i = 0; i < size; i += step) {
    const value = Number(elementAt(shorter, i))
    const other = Number(elementAt(longer, positionIn(longer.shape, shorter.shape, begins, i)))
    const error = Math.abs(other - value)
    if (!(error < Infinity)) return false
    greatest = Math.max(greatest, error)
    squares += value * value
    sum += value
    count++
  }
  // a constant fits a constant anywhere
  const variance = squares / count - (sum / count) ** 2
  return variance > 1e-6 * (squares / count) && greatest <= tolerance * Math.sqrt(squares / count)
}

/** The flat position, in the longer tensor, of an element of the shorter one. */
function positionIn(
  longer: readonly number[],
  shorter: readonly number[],
  begins: readonly number[],
  i: number,
): number {
  let rest = i
  let position = 0
  let stride = 1
  for (let axis = shorter.length - 1; axis >= 0; axis--) {
    position += ((rest % shorter[axis]) + begins[axis]) * stride
    rest = Math.floor(rest / shorter[axis])
    stride *= longer[axis]
  }
  return position
}
