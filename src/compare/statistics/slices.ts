// Where the error lies: per axis, the slice (a channel, a frame) that carries most of it.
import { sizeOf } from '../../tensor/shape.ts'
import type { WorstSlice } from '../comparison.ts'
import { type Block, forEachBlock, type Pairs } from '../sides/pairs.ts'
import type { ElementRule } from '../verdict/element-rule.ts'

/** A slice stands out when it alone has half of the squared error, and at least 1.6 times its fair share. */
const leastShare = 0.5
const leastConcentration = 1.6

/** What one axis has gathered. A slice's elements lie in runs of `inner`. */
interface AxisErrors {
  readonly axis: number
  readonly inner: number
  readonly squaredErrors: Float64Array
}

/** The slice with most of the squared error of each axis where one stands out, the most concentrated axis first. */
export function findWorstSlices(pairs: Pairs, rule: ElementRule): WorstSlice[] {
  const axes = pairs.shape.flatMap((length, axis): AxisErrors[] => {
    const inner = sizeOf(pairs.shape.slice(axis + 1))
    // a slice of one element is an element, a single slice is everything
    if (length < 2 || length === pairs.length) return []
    return [{ axis, inner, squaredErrors: new Float64Array(length) }]
  })
  if (axes.length === 0) return []
  forEachBlock(pairs, rule, (block) => {
    for (const errors of axes) addBlock(errors, block)
  })
  return axes
    .map(worstSliceOf)
    .filter((slice) => slice !== undefined)
    .map(({ inner, ...slice }) => ({ ...slice, mismatched: missesIn(pairs, rule, slice, inner) }))
    .sort((a, b) => b.share * (pairs.shape[b.axis] ?? 1) - a.share * (pairs.shape[a.axis] ?? 1))
}

function addBlock({ inner, squaredErrors }: AxisErrors, { start, count, diff }: Block): void {
  const { length } = squaredErrors
  let index = Math.floor(start / inner) % length
  if (inner === 1) {
    for (let i = 0; i < count; i++) {
      const d = diff[i]
      if (d > 0) squaredErrors[index] += d * d
      if (++index === length) index = 0
    }
    return
  }
  let end = inner - (start % inner)
  for (let i = 0; i < count; end += inner) {
    let error = squaredErrors[index]
    for (const last = Math.min(end, count); i < last; i++) {
      const d = diff[i]
      if (d > 0) error += d * d
    }
    squaredErrors[index] = error
    if (++index === length) index = 0
  }
}

function worstSliceOf({
  axis,
  inner,
  squaredErrors,
}: AxisErrors): (Omit<WorstSlice, 'mismatched'> & Pick<AxisErrors, 'inner'>) | undefined {
  const { length } = squaredErrors
  const total = squaredErrors.reduce((sum, error) => sum + error, 0)
  const index = squaredErrors.indexOf(squaredErrors.reduce((most, error) => Math.max(most, error), 0))
  const share = squaredErrors[index] / total
  // NaN when there is no error at all, or one beyond float64
  if (!(share >= Math.max(leastShare, leastConcentration / length))) return undefined
  return { axis, inner, index, share }
}

/** How many elements of a slice miss the tolerance. It takes a pass of its own, but few slices stand out. */
function missesIn(pairs: Pairs, rule: ElementRule, { axis, index }: Pick<WorstSlice, 'axis' | 'index'>, inner: number) {
  const length = pairs.shape[axis]
  let misses = 0
  forEachBlock(pairs, rule, ({ start, count, missed }) => {
    for (let i = 0; i < count; i++) {
      if (missed[i] !== 0 && Math.floor((start + i) / inner) % length === index) misses++
    }
  })
  return misses
}
