// MatMul: y = a b with numpy's rules for vectors and batches.
import { sizeOf } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { multiply } from '../operations/matrix.ts'
import { operand } from '../operations/operand.ts'
import { sumPrecisionOf } from '../precision/sums.ts'

/** y = a b, or a b^T with transB. A vector on the left is a row, on the right a column; leading axes are batches, broadcast. */
export const MatMul = defineLayer({
  type: 'MatMul',
  binaryId: 87,
  inputs: '2',
  elements: 'float32',
  stores16: true,
  params: { transB: int(0) },
  flops: ({ inputs: [a], outputs: [y] }) => 2 * a[a.length - 1] * sizeOf(y),
  forward([a, b], layer, workspace) {
    const { transB } = layer.params
    const sums = sumPrecisionOf(layer, workspace)
    const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape
    const right = b.shape.length === 1 ? (transB ? [1, ...b.shape] : [...b.shape, 1]) : b.shape
    const [rows, depth] = left.slice(-2)
    const [outer, inner] = right.slice(-2)
    const [columns, rightDepth] = transB ? [outer, inner] : [inner, outer]
    if (depth !== rightDepth) throw new NcnnError(`the inner lengths must be equal, found ${depth} and ${rightDepth}`)

    const batchShape = broadcastBatches(left.slice(0, -2), right.slice(0, -2))
    const batches = sizeOf(batchShape)
    const matrix = [...(a.shape.length === 1 ? [] : [rows]), ...(b.shape.length === 1 ? [] : [columns])]
    const shape = [...batchShape, ...matrix]
    const y = workspace.alloc(shape.length === 0 ? [1] : shape)
    const [leftOffset, rightOffset] = [batchOffsets(left, batchShape), batchOffsets(right, batchShape)]
    for (let batch = 0; batch < batches; batch++) {
      const l = operand(a, rows, depth, false, leftOffset(batch))
      const r = operand(b, columns, depth, !transB, rightOffset(batch))
      multiply(l, r, y, { rows, columns, depth }, workspace, { offset: batch * rows * columns, sums })
    }
    return y
  },
})

function broadcastBatches(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const [m, n] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1]
    if (m !== n && m !== 1 && n !== 1)
      throw new NcnnError(`batches of [${a.join(', ')}] and [${b.join(', ')}] do not go together`)
    return m === 1 ? n : m
  })
}

/** Where the matrix of a batch starts; broadcast axes stay at 0. */
function batchOffsets(shape: readonly number[], batchShape: readonly number[]): (batch: number) => number {
  const own = shape.slice(0, -2)
  const matrixSize = sizeOf(shape.slice(-2))
  return (batch) => {
    let [rest, offset, stride] = [batch, 0, matrixSize]
    for (let axis = batchShape.length - 1; axis >= 0; axis--) {
      const length = own[axis - batchShape.length + own.length] ?? 1
      if (length > 1) offset += (rest % batchShape[axis]) * stride
      rest = Math.floor(rest / batchShape[axis])
      stride *= length
    }
    return offset
  }
}
