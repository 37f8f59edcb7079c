// The elements that miss their tolerance by the largest factor.
import { elementAt } from '../tensor/decode.ts'
import { unravelIndex } from '../tensor/shape.ts'
import type { ElementError } from './comparison.ts'
import { allowanceOf, type ElementRule } from './element-rule.ts'
import { type Block, forEachBlock, type Pairs } from './pairs.ts'

interface Candidate {
  readonly position: number
  readonly diff: number
  readonly excess: number
}

/** The `count` worst elements by excess, then by difference, then by position. Elements without any error are left out. */
export function findWorst(pairs: Pairs, rule: ElementRule, count: number): ElementError[] {
  const worst: Candidate[] = []
  forEachBlock(pairs, rule, (block) => scanBlock(block, rule, worst, count))
  return worst.map(({ position, diff, excess }) => {
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

function scanBlock(block: Block, rule: ElementRule, worst: Candidate[], count: number): void {
  let least = worst.length < count ? -1 : worst[count - 1].excess
  for (let i = 0; i < block.count; i++) {
    const excess = excessAt(block, i, rule)
    if (!(excess >= least) || (excess === 0 && block.diff[i] === 0)) continue
    insert(worst, { position: block.start + i, diff: block.diff[i], excess }, count)
    if (worst.length === count) least = worst[count - 1].excess
  }
}

/** How many times its allowance an element's error is; Infinity where nothing is allowed or a side is not finite; NaN where infinities match. */
function excessAt({ diff, missed, actual, reference }: Block, i: number, rule: ElementRule): number {
  const d = diff[i]
  if (d === 0) return 0
  if (Number.isNaN(d)) return missed[i] === 1 ? Infinity : Number.NaN
  const excess =
    d === Infinity
      ? Math.abs(actual[i] / 2 - reference[i] / 2) / (rule.atol / 2 + rule.rtol * Math.abs(reference[i] / 2))
      : d / allowanceOf(reference[i], rule)
  return missed[i] === 1 ? Math.max(excess, 1 + Number.EPSILON) : excess
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
  const [x, y] = [a, b].map(({ diff }) => (Number.isNaN(diff) ? Infinity : diff)) as [number, number]
  return x > y
}
