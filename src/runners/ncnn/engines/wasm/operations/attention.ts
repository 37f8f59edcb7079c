// Scaled dot-product attention of one head: y = softmax(scale q k^T + mask) v.
import { BinaryOp } from '../../../../../kernels/ncnn.ts'
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { roundToFloat16, type SumPrecision } from '../precision/sums.ts'
import { int8Operand, int8Right, multiplyInt8 } from './int8-matrix.ts'
import { type Destination, multiply } from './matrix.ts'
import { elementAddress, type Operand } from './operand.ts'
import { softmax } from './softmax.ts'

/** Begins at element `offset` of its blob. */
interface Mask {
  readonly blob: Blob
  readonly offset: number
}

/** The operands of a head. The depth of q and k is the head's width, that of v the number of keys. */
export interface AttentionHead {
  readonly q: Operand
  readonly k: Operand
  readonly v: Operand
  readonly queries: number
  readonly keys: number
  readonly width: number
  readonly valueWidth: number
  readonly scale: number
  /** Added to the scores [queries][keys] before the softmax. */
  readonly mask: Mask | undefined
  /** Quantise each side of both products on the fly, as ncnn's int8 attention does. */
  readonly int8: boolean
  readonly sums: SumPrecision
  /** Scores and results are stored in float16, as on ARM: the softmax is then taken in it, too. */
  readonly storesHalf: boolean
}

/** Computes one head into y[queries][valueWidth] at `destination`. */
export function attend(head: AttentionHead, y: Blob, destination: Destination, workspace: Workspace): void {
  const { v, queries, keys, valueWidth, storesHalf } = head
  const scores = workspace.alloc([queries, keys])
  if (head.sums === 'float16' && !head.int8) scoreInHalf(head, scores, workspace)
  else score(head, scores, workspace)
  if (storesHalf) halfSoftmax(scores, queries, keys, workspace)
  else softmax(scores, scores, queries, keys, 1, workspace)
  multiplyAs(
    head.int8,
    scoresAsOperand(scores, keys),
    v,
    y,
    { rows: queries, columns: valueWidth, depth: keys },
    { ...destination, sums: head.sums },
    workspace,
  )
  scores.release()
}

/** scores = scale q k^T + mask */
function score(head: AttentionHead, scores: Blob, workspace: Workspace): void {
  const sizes = { rows: head.queries, columns: head.keys, depth: head.width }
  multiplyAs(head.int8, head.q, head.k, scores, sizes, { sums: head.sums }, workspace)
  scaleInPlace(scores, head.scale, workspace)
  if (head.mask !== undefined) addMask(scores, head.mask, workspace)
}

/** scores = scale (q k^T + mask / scale): the sums begin at the mask. */
function scoreInHalf(
  { q, k, queries, keys, width, scale, mask, sums }: AttentionHead,
  scores: Blob,
  workspace: Workspace,
): void {
  if (mask !== undefined) {
    scores.data.fill(0)
    addMask(scores, mask, workspace)
    scaleInPlace(scores, roundToFloat16(1 / scale), workspace)
  }
  const sizes = { rows: queries, columns: keys, depth: width }
  multiply(q, k, scores, sizes, workspace, { accumulate: mask !== undefined, sums })
  scaleInPlace(scores, scale, workspace)
}

function halfSoftmax(scores: Blob, queries: number, keys: number, { kernels }: Workspace): void {
  kernels.roundToHalf({ data: scores.ptr, n: scores.length })
  const layout = { outer: queries, length: keys, inner: 1, block: 1, lanes: 8, single: 1 }
  kernels.storedSoftmax({ data: scores.ptr, ...layout, inHalf: 1 })
  kernels.roundToHalf({ data: scores.ptr, n: scores.length })
}

const scoresAsOperand = (scores: Blob, keys: number): Operand => ({
  blob: scores,
  offset: 0,
  outerStride: keys,
  depthStride: 1,
})

function multiplyAs(
  int8: boolean,
  left: Operand,
  right: Operand,
  y: Blob,
  sizes: { readonly rows: number; readonly columns: number; readonly depth: number },
  destination: Destination,
  workspace: Workspace,
): void {
  if (!int8) {
    multiply(left, right, y, sizes, workspace, destination)
    return
  }
  const a = int8Operand(left, sizes.rows, sizes.depth, 'outer', workspace)
  const b = int8Right(right, sizes.columns, sizes.depth, workspace, workspace.scratch)
  multiplyInt8(a, b, y, sizes, workspace, destination)
}

/** Multiplies all elements. */
export function scaleInPlace(
  { ptr, data, dtype, length }: Blob,
  factor: number,
  { kernels, scratch }: Workspace,
): void {
  if (factor === 1) return
  if (dtype === 'float32') {
    const single = scratch([1])
    single.data[0] = factor
    kernels.binary({
      op: BinaryOp.mul,
      a: ptr,
      a0: 0,
      a1: 0,
      a2: 0,
      a3: 1,
      b: single.ptr,
      b0: 0,
      b1: 0,
      b2: 0,
      b3: 0,
      output: ptr,
      n0: 1,
      n1: 1,
      n2: 1,
      n3: length,
    })
  } else for (let i = 0; i < length; i++) data[i] *= factor
}

function addMask(scores: Blob, { blob, offset }: Mask, { kernels }: Workspace): void {
  const { ptr, data: target, length } = scores
  if (scores.dtype === 'float32' && blob.dtype === 'float32') {
    kernels.addScaled({ input: elementAddress(blob, offset), coefficient: 1, output: ptr, n: length })
    return
  }
  const added = blob.data
  for (let i = 0; i < length; i++) target[i] += added[offset + i]
}
