// The elements that miss their tolerance by the largest factor.
import { elementAt } from '../../tensor/decode.ts'
import { unravelIndex } from '../../tensor/shape.ts'
import type { ElementError } from '../comparison.ts'
import type { Block, Pairs } from '../sides/pairs.ts'
import { allowanceOf, type ElementRule, excessOf, isClose } from '../verdict/element-rule.ts'
import { forEachMissingBlock } from '../verdict/misses.ts'

interface Candidate {
  readonly position: number
  readonly diff: number
  readonly excess: number
}

/**
 * The `count` worst elements by excess, then by difference, then by position. Only elements that miss the rule; when none does,
 * those that come closest to missing it. Elements without any error are left out.
 */
export function findWorst(pairs: Pairs, rule: ElementRule, count: number): ElementError[] {
  const worst: Candidate[] = []
  forEachMissingBlock(
    pairs,
    () => ruleForWorse(worst.length < count ? undefined : worst[count - 1], rule),
    (block) => addCandidates(worst, block, pairs, rule, count),
  )
  const missing = worst.filter(({ excess }) => excess > 1)
  return (missing.length > 0 ? missing : worst).map(({ position, diff, excess }) => {
    const reference = elementAt(pairs.reference, position)
    return {
      index: unravelIndex(position, pairs.shape),
      actual: elementAt(pairs.actual, position),
      reference,
      diff,
      allowed: allowanceOf(Number(reference), rule),
      excess,
    }
  })
}

/** The rule that every element worse than `least` misses: the given one, grown by the excess of `least`. */
function ruleForWorse(least: Candidate | undefined, rule: ElementRule): ElementRule | undefined {
  if (least === undefined) return { ...rule, atol: 0, rtol: 0 }
  const { excess, diff } = least
  if (Number.isNaN(diff)) return undefined
  // where nothing or everything is allowed, the difference decides
  if (excess === 0 || excess === Infinity) return { ...rule, atol: diff, rtol: 0 }
  const factor = excess * (1 - 2 * Number.EPSILON)
  return { ...rule, atol: factor * rule.atol, rtol: factor * rule.rtol }
}

function addCandidates(worst: Candidate[], block: Block, pairs: Pairs, rule: ElementRule, count: number): void {
  for (let i = 0; i < block.count; i++) {
    if (block.missed[i] === 0) continue
    const excess = pairs.hasBigInts ? exactExcessAt(block, i, pairs, rule) : excessAt(block, i, rule)
    if (worst.length === count && excess < worst[count - 1].excess) continue
    insert(worst, { position: block.start + i, diff: block.diff[i], excess }, count)
  }
}

/** How many times its allowance an element's error is; Infinity where nothing is allowed or a side is not finite. */
function excessAt({ diff, actual, reference }: Block, i: number, rule: ElementRule): number {
  return Number.isNaN(diff[i]) ? Infinity : excessOf(actual[i], reference[i], diff[i], rule)
}

/** The difference of 64-bit integers is rounded to a double: where that hides on which side of the rule an element is, the rule decides. */
function exactExcessAt(block: Block, i: number, { actual, reference }: Pairs, rule: ElementRule): number {
  const position = block.start + i
  const excess = excessAt(block, i, rule)
  return isClose(elementAt(actual, position), elementAt(reference, position), rule)
    ? Math.min(excess, 1)
    : Math.max(excess, 1 + Number.EPSILON)
}

function insert(worst: Candidate[], candidate: Candidate, count: number): void {
  const place = worst.findIndex((other) => isWorse(candidate, other))
  if (place >= 0) worst.splice(place, 0, candidate)
  else if (worst.length < count) worst.push(candidate)
  if (worst.length > count) worst.pop()
}

/** A difference of NaN is that of a non-finite element: nothing is worse. */
function isWorse(a: Candidate, b: Candidate): boolean {
  if (a.excess !== b.excess) return a.excess > b.excess
  return Number.isNaN(a.diff) ? !Number.isNaN(b.diff) : a.diff > b.diff
}
