// Eltwise: product, weighted sum or maximum of two or more blobs of one shape.
import { BinaryOp } from '../../../../../kernels/ncnn.ts'
import { formatShape, sameShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { floats, int } from '../../../params.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { larger } from '../operations/extrema.ts'

interface Operation {
  readonly kernel: number
  readonly f: (x: number, y: number) => number
}
/** By op_type. */
const operations: readonly Operation[] = [
  { kernel: BinaryOp.mul, f: (x, y) => x * y },
  { kernel: BinaryOp.add, f: (x, y) => x + y },
  { kernel: BinaryOp.max, f: larger },
]
const sum = 1

/** y = x0 * x1 * ..., coeffs[0] * x0 + coeffs[1] * x1 + ..., or max(x0, x1, ...) */
export const Eltwise = defineLayer({
  type: 'Eltwise',
  binaryId: 10,
  inputs: '2+',
  elements: 'float32',
  stores16: true,
  params: { op_type: int(0), coeffs: floats(1) },
  /** The coefficients of a weighted sum, in memory for the kernel. */
  prepare({ params: { op_type, coeffs }, graph, sumsInHalf }, { alloc, kernels }) {
    if (operations[op_type] === undefined) throw new NcnnError(`op_type must be 0, 1 or 2, found ${op_type}`)
    if (op_type !== sum || coeffs.length === 0) return undefined
    if (coeffs.length < graph.inputs.length) {
      throw new NcnnError(`coeffs needs one number for each of ${graph.inputs.length} inputs, found ${coeffs.length}`)
    }
    const coefficients = alloc([coeffs.length])
    coefficients.data.set(coeffs)
    if (sumsInHalf) kernels.roundToHalf({ data: coefficients.ptr, n: coefficients.length })
    return coefficients
  },
  forward(inputs, { params: { op_type }, prepared: coefficients, sumsInHalf }, workspace) {
    const [first] = inputs
    for (const input of inputs) {
      checkFloat(input, workspace)
      if (!sameShape(input.shape, first.shape)) {
        throw new NcnnError(`all inputs must have the shape of the first, ${formatShape(first.shape)}`)
      }
    }
    // An input that comes twice is still needed when the first result is stored.
    const y = inputs.indexOf(first, 1) < 0 ? workspace.reuse(first) : workspace.alloc(first.shape)
    const settle = sumsInHalf ? () => workspace.kernels.roundToHalf({ data: y.ptr, n: y.length }) : () => undefined
    if (coefficients === undefined) combine(inputs, y, operations[op_type], workspace, settle)
    else weightedSum(inputs, coefficients, y, workspace, settle)
    return y
  },
})

/** @param settle is called after every operation: it rounds y where sums are taken in fp16 */
function combine(
  [first, ...others]: readonly Blob[],
  y: Blob,
  { kernel, f }: Operation,
  workspace: Workspace,
  settle: () => void,
): void {
  let left = first
  for (const right of others) {
    if (workspace.float === 'float32') {
      workspace.kernels.binary({
        op: kernel,
        a: left.ptr,
        a0: 0,
        a1: 0,
        a2: 0,
        a3: 1,
        b: right.ptr,
        b0: 0,
        b1: 0,
        b2: 0,
        b3: 1,
        output: y.ptr,
        n0: 1,
        n1: 1,
        n2: 1,
        n3: y.length,
      })
    } else {
      const [a, b, target] = [left.data, right.data, y.data]
      for (let i = 0; i < target.length; i++) target[i] = f(a[i], b[i])
    }
    settle()
    left = y
  }
}

function weightedSum(
  inputs: readonly Blob[],
  coefficients: Blob,
  y: Blob,
  { float, kernels }: Workspace,
  settle: () => void,
): void {
  const [first, ...others] = inputs
  if (float === 'float32') {
    kernels.binary({
      op: BinaryOp.mul,
      a: first.ptr,
      a0: 0,
      a1: 0,
      a2: 0,
      a3: 1,
      b: coefficients.ptr,
      b0: 0,
      b1: 0,
      b2: 0,
      b3: 0,
      output: y.ptr,
      n0: 1,
      n1: 1,
      n2: 1,
      n3: y.length,
    })
    settle()
    for (const [index, x] of others.entries()) {
      kernels.addScaled({ input: x.ptr, coefficient: coefficients.data[index + 1], output: y.ptr, n: y.length })
      settle()
    }
    return
  }
  const target = y.data
  const terms = inputs.map((x, index) => ({ data: x.data, coefficient: coefficients.data[index] }))
  for (let i = 0; i < target.length; i++) {
    let total = 0
    for (const { data, coefficient } of terms) total += data[i] * coefficient
    target[i] = total
  }
}
