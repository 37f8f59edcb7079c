// Decides whether elements match, as fast as it can: the common case is a comparison that passes.
import { decodeInto, elementAt } from '../../tensor/decode.ts'
import { blockLength, type Pairs } from '../sides/pairs.ts'
import { type ElementRule, isClose, isCloseNumber } from './element-rule.ts'

/** Position of the first element at or behind `from` that misses the rule; `pairs.length` when none does. */
export function firstMiss(pairs: Pairs, rule: ElementRule, from = 0): number {
  if (pairs.kernel !== undefined) return firstMissOfKernel(pairs, pairs.kernel, rule, from)
  return pairs.hasBigInts ? firstMissOfBigInts(pairs, rule, from) : firstMissOfNumbers(pairs, rule, from)
}

/** Whether every element meets the rule. */
export function allClose(pairs: Pairs, rule: ElementRule): boolean {
  return firstMiss(pairs, rule) === pairs.length
}

function isCloseAt({ actual, reference }: Pairs, position: number, rule: ElementRule): boolean {
  return isClose(elementAt(actual, position), elementAt(reference, position), rule)
}

/** What a kernel stops at is looked at once more: it may have stopped because it could not tell. */
function firstMissOfKernel(
  pairs: Pairs,
  kernel: NonNullable<Pairs['kernel']>,
  rule: ElementRule,
  from: number,
): number {
  let position = kernel.firstMiss(rule, from)
  while (position < pairs.length && isCloseAt(pairs, position, rule)) position = kernel.firstMiss(rule, position + 1)
  return position
}

function firstMissOfBigInts(pairs: Pairs, rule: ElementRule, from: number): number {
  let position = from
  while (position < pairs.length && isCloseAt(pairs, position, rule)) position++
  return position
}

const actualBlock = new Float64Array(blockLength)
const referenceBlock = new Float64Array(blockLength)

function firstMissOfNumbers({ actual, reference, length }: Pairs, rule: ElementRule, from: number): number {
  for (let start = from; start < length; start += blockLength) {
    const count = Math.min(blockLength, length - start)
    decodeInto(actualBlock, actual, start, count)
    decodeInto(referenceBlock, reference, start, count)
    const miss = firstMissOfBlock(count, rule)
    if (miss < count) return start + miss
  }
  return length
}

function firstMissOfBlock(count: number, rule: ElementRule): number {
  let i = firstDoubt(0, count, rule)
  while (i < count && isCloseNumber(actualBlock[i], referenceBlock[i], rule)) i = firstDoubt(i + 1, count, rule)
  return i
}

/** The first element that is not certainly close, as what is less than another number is: no difference that has overflowed. */
function firstDoubt(from: number, count: number, { atol, rtol }: ElementRule): number {
  for (let i = from; i < count; i++) {
    const a = actualBlock[i]
    const r = referenceBlock[i]
    if (!(Math.abs(a - r) < atol + rtol * Math.abs(r) || a === r)) return i
  }
  return count
}
