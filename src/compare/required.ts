// The least tolerance that would have passed, exact to the last bit: it passes, and the next smaller double fails.
import { elementAt } from '../tensor/decode.ts'
import type { RequiredTolerance } from './comparison.ts'
import { allowanceOf, type ElementRule, isClose } from './element-rule.ts'
import { type Block, forEachBlock, type Pairs } from './pairs.ts'
import { countMisses } from './verdict.ts'

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

/** Raises the tolerance to what the worst element of each block needs: a single pass, with a search only where the last one was not enough. */
function leastForAll(pairs: Pairs, rule: ElementRule, name: ToleranceName): number {
  let tolerance = 0
  forEachBlock(pairs, { ...rule, [name]: 0 }, (block) => {
    while (tolerance < Infinity) {
      const neediest = neediestOf(block, { ...rule, [name]: tolerance }, name, pairs)
      if (neediest < 0) return
      const position = block.start + neediest
      const actual = elementAt(pairs.actual, position)
      const reference = elementAt(pairs.reference, position)
      tolerance = leastPassing((value) => isClose(actual, reference, { ...rule, [name]: value }), tolerance)
    }
  })
  return tolerance
}

/** Of the elements of a block that miss the rule, the one that needs most of `name`; -1 when all meet it. */
function neediestOf(block: Block, rule: ElementRule, name: ToleranceName, pairs: Pairs): number {
  let neediest = -1
  let most = -1
  for (let i = 0; i < block.count; i++) {
    const diff = block.diff[i]
    // an element that meets the rule without any of this tolerance needs no closer look
    if (block.missed[i] === 0 || (!pairs.hasBigInts && diff <= allowanceOf(block.reference[i], rule))) continue
    const position = block.start + i
    if (isClose(elementAt(pairs.actual, position), elementAt(pairs.reference, position), rule)) continue
    const need = needOf(diff, block.reference[i], rule, name)
    if (!(need <= most)) {
      most = need
      neediest = i
    }
  }
  return neediest
}

/** Roughly how much tolerance an element needs, Infinity for a non-finite one. */
function needOf(diff: number, reference: number, { atol, rtol }: ElementRule, name: ToleranceName): number {
  if (Number.isNaN(diff)) return Infinity
  return name === 'atol'
    ? Math.max(0, diff - rtol * Math.abs(reference))
    : Math.max(0, diff - atol) / Math.abs(reference)
}

function leastForMost(pairs: Pairs, rule: ElementRule, name: ToleranceName, allowedMisses: number): number {
  return leastPassing((value) => {
    const { misses, nonFinite } = countMisses(pairs, { ...rule, [name]: value })
    return nonFinite === 0 && misses <= allowedMisses
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
export function leastPassing(passes: (value: number) => boolean, from: number): number {
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
