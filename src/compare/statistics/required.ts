// The least tolerance that would have passed, exact to the last bit: it passes, and the next smaller double fails.
import { elementAt } from '../../tensor/decode.ts'
import type { RequiredTolerance } from '../comparison.ts'
import type { Block, Pairs } from '../sides/pairs.ts'
import { type ElementRule, isClose } from '../verdict/element-rule.ts'
import { forEachMissingBlock } from '../verdict/misses.ts'
import { countMisses } from './statistics.ts'

type ToleranceName = 'atol' | 'rtol'

/**
 * The least `atol` beside the given `rtol`, and the least `rtol` beside the given `atol`, with which at most `allowedMisses`
 * elements miss the rule and none that is not finite; Infinity where no finite number is enough.
 */
export function requiredTolerance(pairs: Pairs, rule: ElementRule, allowedMisses: number): RequiredTolerance {
  const least = (name: ToleranceName) =>
    allowedMisses === 0 ? leastForAll(pairs, rule, name) : leastForMost(pairs, rule, name, allowedMisses)
  return { atolGivenRtol: least('atol'), rtolGivenAtol: least('rtol') }
}

/** Raises the tolerance to what the neediest element of each block needs: nearly all later elements then pass at once. */
function leastForAll(pairs: Pairs, rule: ElementRule, name: ToleranceName): number {
  let tolerance = 0
  const currentRule = () => (tolerance === Infinity ? undefined : { ...rule, [name]: tolerance })
  forEachMissingBlock(pairs, currentRule, (block) => {
    tolerance = leastForBlock(block, pairs, rule, name, tolerance)
  })
  return tolerance
}

function leastForBlock(block: Block, pairs: Pairs, rule: ElementRule, name: ToleranceName, from: number): number {
  let tolerance = from
  while (tolerance < Infinity) {
    const neediest = neediestOf(block, pairs, { ...rule, [name]: tolerance }, name)
    if (neediest < 0) break
    const actual = elementAt(pairs.actual, block.start + neediest)
    const reference = elementAt(pairs.reference, block.start + neediest)
    tolerance = leastPassing((value) => isClose(actual, reference, { ...rule, [name]: value }), tolerance)
  }
  return tolerance
}

/** Of the elements of a block that miss the rule, the one that needs most of `name`; -1 when all meet it. */
function neediestOf(block: Block, pairs: Pairs, rule: ElementRule, name: ToleranceName): number {
  let neediest = -1
  let most = -1
  for (let i = 0; i < block.count; i++) {
    if (block.missed[i] === 0) continue
    const need = needOf(block.diff[i], block.reference[i], rule, name)
    if (need <= most) continue
    const position = block.start + i
    if (isClose(elementAt(pairs.actual, position), elementAt(pairs.reference, position), rule)) continue
    most = need
    neediest = i
  }
  return neediest
}

/** Roughly how much tolerance an element needs, Infinity for a non-finite one. */
function needOf(diff: number, reference: number, { atol, rtol }: ElementRule, name: ToleranceName): number {
  if (!(diff < Infinity)) return Infinity
  if (name === 'atol') return Math.max(0, diff - rtol * Math.abs(reference))
  return reference === 0 ? Infinity : Math.max(0, diff - atol) / Math.abs(reference)
}

function leastForMost(pairs: Pairs, rule: ElementRule, name: ToleranceName, allowedMisses: number): number {
  return leastPassing((value) => {
    const { mismatched, nonFiniteMismatched } = countMisses(pairs, { ...rule, [name]: value })
    return nonFiniteMismatched === 0 && mismatched <= allowedMisses
  }, 0)
}

const double = new Float64Array(1)
const bits = new BigUint64Array(double.buffer)

function bitsOf(value: number): bigint {
  double[0] = value
  return bits[0]
}

function fromBits(value: bigint): number {
  bits[0] = value
  return double[0]
}

/**
 * The least double, at least `from`, for which the monotone predicate `passes` holds; Infinity when it does not hold for the
 * largest double. Bisects over bit patterns: doubles that are not negative sort as their bits do.
 */
function leastPassing(passes: (value: number) => boolean, from: number): number {
  if (passes(from)) return from
  if (!passes(Number.MAX_VALUE)) return Infinity
  let failing = bitsOf(from)
  let passing = bitsOf(Number.MAX_VALUE)
  while (passing - failing > 1n) {
    const middle = (passing + failing) >> 1n
    if (passes(fromBits(middle))) passing = middle
    else failing = middle
  }
  return fromBits(passing)
}
