// Visits the places where a rule is missed, and skips the rest at the speed of the kernels.

import { type Block, blockLength, type Pairs, readBlock, withBlock } from '../sides/pairs.ts'
import type { ElementRule } from './element-rule.ts'
import { firstMiss } from './verdict.ts'

/** Pairs that are read behind a miss far from the last one: the next one is mostly far, too. */
const shortLength = 128

/**
 * Visits a block of pairs from each element on that misses `currentRule()`; the visitor may change what that returns, so a search
 * for the largest of something soon skips nearly everything. Stops when the rule is undefined.
 */
export function forEachMissingBlock(
  pairs: Pairs,
  currentRule: () => ElementRule | undefined,
  visit: (block: Block) => void,
): void {
  withBlock((block) => {
    for (let position = 0; position < pairs.length; position += block.count) {
      const rule = currentRule()
      if (rule === undefined) return
      const miss = firstMiss(pairs, rule, position)
      if (miss === pairs.length) return
      const isFar = miss - position > blockLength
      position = miss
      readBlock(block, pairs, rule, position, isFar ? shortLength : blockLength)
      visit(block)
    }
  })
}
