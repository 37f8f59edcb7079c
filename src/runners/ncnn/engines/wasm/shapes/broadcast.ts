// ncnn's rules for operands of different shapes, which are not numpy's when the ranks differ.
// Source: Tencent/ncnn, docs/developer-guide/binaryop-broadcasting.md.
import { formatShape, rowMajorStrides, sameShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'

/** One axis of the loop over a result, with the strides of both operands: 0 where an operand is repeated. */
interface BroadcastAxis {
  length: number
  readonly aStride: number
  readonly bStride: number
}

export interface Broadcast {
  /** Of the result. */
  readonly shape: readonly number[]
  /** Four axes, outermost first; neighbours that all blobs walk without a gap are joined. The last strides are 0 or 1. */
  readonly axes: readonly BroadcastAxis[]
}

/** How the last two shapes went together: runs of a model rarely differ in them. */
export interface BroadcastMemory {
  known?: { readonly a: readonly number[]; readonly b: readonly number[]; readonly result: Broadcast }
}

/**
 * How two shapes go together.
 * @param last saves working it out again, which takes longer than adding small blobs
 * @throws {NcnnError} when two lengths differ and neither is 1
 */
export function rememberedBroadcast(a: readonly number[], b: readonly number[], last: BroadcastMemory): Broadcast {
  if (last.known && sameShape(last.known.a, a) && sameShape(last.known.b, b)) return last.known.result
  const result = broadcast(a, b)
  last.known = { a, b, result }
  return result
}

function broadcast(a: readonly number[], b: readonly number[]): Broadcast {
  const rank = Math.max(a.length, b.length)
  const aShape = expandRank(a, b, rank)
  const bShape = expandRank(b, a, rank)
  const clash = aShape.findIndex((m, axis) => m !== bShape[axis] && m !== 1 && bShape[axis] !== 1)
  if (clash >= 0) {
    const reading = a.length === b.length ? '' : ` (for ncnn that is ${formatShape(aShape)} and ${formatShape(bShape)})`
    throw new NcnnError(
      `${formatShape(a)} and ${formatShape(b)} do not go together${reading}: ` +
        `${aShape[clash]} and ${bShape[clash]} differ, and neither is 1`,
    )
  }
  return {
    shape: aShape.map((m, axis) => (m === 1 ? bShape[axis] : m)),
    axes: joinAxes(aShape, bShape),
  }
}

/**
 * A vector lies along the outermost axis if its length fits there, else along the innermost. Every other blob gets
 * the axes it lacks inside: [h, w] beside [c, h, w] is [h, w, 1].
 */
function expandRank(shape: readonly number[], other: readonly number[], rank: number): readonly number[] {
  const missing = ones(rank - shape.length)
  return shape.length === 1 && shape[0] !== other[0] ? [...missing, ...shape] : [...shape, ...missing]
}

function joinAxes(aShape: readonly number[], bShape: readonly number[]): BroadcastAxis[] {
  const [aStrides, bStrides] = [rowMajorStrides(aShape), rowMajorStrides(bShape)]
  const joined: BroadcastAxis[] = []
  for (let axis = aShape.length - 1; axis >= 0; axis--) {
    const [m, n] = [aShape[axis], bShape[axis]]
    if (m === 1 && n === 1) continue
    const [aStride, bStride] = [m === 1 ? 0 : aStrides[axis], n === 1 ? 0 : bStrides[axis]]
    const length = m === 1 ? n : m
    const inner = joined[0]
    if (inner && aStride === inner.aStride * inner.length && bStride === inner.bStride * inner.length) {
      inner.length *= length
    } else joined.unshift({ length, aStride, bStride })
  }
  const single = ones(4 - joined.length).map((length) => ({ length, aStride: 0, bStride: 0 }))
  return [...single, ...joined]
}

const ones = (count: number): number[] => new Array<number>(count).fill(1)
