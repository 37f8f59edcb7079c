// Decides whether all elements match, as fast as it can: the common case is a comparison that passes.
import { decodeInto } from '../tensor/decode.ts'
import { type ElementRule, isCloseNumber } from './element-rule.ts'
import { forEachBlock, type Pairs } from './pairs.ts'

/** Whether every element meets the rule. */
export function allClose(pairs: Pairs, rule: ElementRule): boolean {
  return pairs.hasBigInts ? countMisses(pairs, rule).misses === 0 : allCloseNumbers(pairs, rule)
}

const BLOCK_LENGTH = 1024
const actualBlock = new Float64Array(BLOCK_LENGTH)
const referenceBlock = new Float64Array(BLOCK_LENGTH)

function allCloseNumbers({ actual, reference, length }: Pairs, rule: ElementRule): boolean {
  for (let start = 0; start < length; start += BLOCK_LENGTH) {
    const count = Math.min(BLOCK_LENGTH, length - start)
    decodeInto(actualBlock, actual, start, count)
    decodeInto(referenceBlock, reference, start, count)
    if (!isBlockClose(count, rule)) return false
  }
  return true
}

function isBlockClose(count: number, rule: ElementRule): boolean {
  const { atol, rtol } = rule
  for (let i = 0; i < count; i++) {
    const a = actualBlock[i]
    const r = referenceBlock[i]
    const diff = Math.abs(a - r)
    if (diff <= Number.MAX_VALUE ? diff <= atol + rtol * Math.abs(r) : isCloseNumber(a, r, rule)) continue
    return false
  }
  return true
}

/** How many elements miss the rule, and how many of those because a side is not finite. */
export function countMisses(pairs: Pairs, rule: ElementRule): { misses: number; nonFinite: number } {
  let misses = 0
  let nonFinite = 0
  forEachBlock(pairs, rule, ({ count, diff, missed }) => {
    for (let i = 0; i < count; i++) {
      if (missed[i] === 0) continue
      misses++
      if (Number.isNaN(diff[i])) nonFinite++
    }
  })
  return { misses, nonFinite }
}
