// Two tensors of one shape, read in blocks of elements that lie opposite each other.

import { openPair, type PairKernel } from '../../kernels/compare.ts'
import { decodeInto, elementAt } from '../../tensor/decode.ts'
import { isBigIntDType } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { allowanceOf, differenceOf, type ElementRule, isClose, isCloseNumber } from '../verdict/element-rule.ts'

export interface Pairs {
  readonly actual: Tensor
  readonly reference: Tensor
  readonly shape: readonly number[]
  readonly length: number
  /** Whether a side has 64-bit integers, whose differences need bigint. */
  readonly hasBigInts: boolean
  /** The SIMD kernels, where there are any for these dtypes and enough elements to make them worth their start. */
  readonly kernel: PairKernel | undefined
}

/** Below this many elements plain JavaScript is as fast, and the kernels need not be compiled. */
const leastForKernel = 4096

export function pairUp(actual: Tensor, reference: Tensor): Pairs {
  const length = reference.data.length
  return {
    actual,
    reference,
    shape: reference.shape,
    length,
    hasBigInts: isBigIntDType(actual.dtype) || isBigIntDType(reference.dtype),
    kernel: length < leastForKernel ? undefined : openPair(actual, reference),
  }
}

/** Consecutive pairs, decoded. The arrays are reused from block to block. */
export interface Block {
  /** Position of the first pair. */
  start: number
  count: number
  readonly actual: Float64Array
  readonly reference: Float64Array
  /** `|actual - reference|`; NaN when either is not finite. Exact for 64-bit integers up to the rounding of the result. */
  readonly diff: Float64Array
  /** 1 where the rule is not met. */
  readonly missed: Uint8Array
}

/** Small enough for the first-level cache; a function that loops over one block is optimised after a few calls. */
export const blockLength = 1024

/** A block that nobody uses: its arrays take as long to make as a thousand pairs to compare. */
let spare: Block | undefined

/** Lends a block to read pairs into, for {@link readBlock}. */
export function withBlock(use: (block: Block) => void): void {
  const block = spare ?? {
    start: 0,
    count: 0,
    actual: new Float64Array(blockLength),
    reference: new Float64Array(blockLength),
    diff: new Float64Array(blockLength),
    missed: new Uint8Array(blockLength),
  }
  spare = undefined
  use(block)
  spare = block
}

/** Fills `block` with up to `most` pairs from `start` on, {@link blockLength} if not said. */
export function readBlock(block: Block, pairs: Pairs, rule: ElementRule, start: number, most = blockLength): void {
  block.start = start
  block.count = Math.min(most, pairs.length - start)
  decodeInto(block.actual, pairs.actual, start, block.count)
  decodeInto(block.reference, pairs.reference, start, block.count)
  if (pairs.hasBigInts) compareBigInts(block, pairs.actual, pairs.reference, rule)
  else compareNumbers(block, rule)
}

/** Visits all pairs, block by block, in order. */
export function forEachBlock(pairs: Pairs, rule: ElementRule, visit: (block: Block) => void): void {
  withBlock((block) => {
    for (let start = 0; start < pairs.length; start += blockLength) {
      readBlock(block, pairs, rule, start)
      visit(block)
    }
  })
}

function compareNumbers({ count, actual, reference, diff, missed }: Block, rule: ElementRule): void {
  for (let i = 0; i < count; i++) {
    const a = actual[i]
    const r = reference[i]
    const d = Math.abs(a - r)
    if (d <= Number.MAX_VALUE) {
      diff[i] = d
      missed[i] = d <= allowanceOf(r, rule) ? 0 : 1
    } else {
      diff[i] = differenceOf(a, r)
      missed[i] = isCloseNumber(a, r, rule) ? 0 : 1
    }
  }
}

function compareBigInts(block: Block, actual: Tensor, reference: Tensor, rule: ElementRule): void {
  for (let i = 0; i < block.count; i++) {
    const a = elementAt(actual, block.start + i)
    const r = elementAt(reference, block.start + i)
    block.diff[i] = differenceOf(a, r)
    block.missed[i] = isClose(a, r, rule) ? 0 : 1
  }
}
