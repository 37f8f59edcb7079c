// BinaryOp: an operation on two blobs of broadcast shapes, or on a blob and a constant.
import { BinaryOp as Operation } from '../../../../../kernels/ncnn.ts'
import { sameShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import { atan2, exp, log1p, pow } from '../math/index.ts'
import type { Blob } from '../memory/blob.ts'
import { checkFloat, mapElements } from '../operations/elementwise.ts'
import { larger, smaller } from '../operations/extrema.ts'
import { oneToOne } from '../param-checks.ts'
import { type BroadcastMemory, rememberedBroadcast } from '../shapes/broadcast.ts'

type OperationName = keyof typeof Operation
type BinaryFunction = (x: number, y: number) => number

/** IEEE 754 remainder: x - n * y with n = x / y rounded to nearest, halves to the even one. */
function remainder(x: number, y: number): number {
  const divisor = Math.abs(y)
  // Below 2 |y| the quotient's parity is known: 0 or 1.
  let rest = Math.abs(x) % (2 * divisor)
  if (2 * rest > divisor) {
    rest -= divisor
    if (2 * rest >= divisor) rest -= divisor
  }
  return x < 0 || Object.is(x, -0) ? -rest : rest
}

function logAddExp(x: number, y: number): number {
  const [high, low] = x < y ? [y, x] : [x, y]
  return high + log1p(exp(low - high))
}

const reversed =
  (f: BinaryFunction): BinaryFunction =>
  (x, y) =>
    f(y, x)
const div: BinaryFunction = (x, y) => x / y
const sub: BinaryFunction = (x, y) => x - y
const fmod: BinaryFunction = (x, y) => x % y
const floorDivide: BinaryFunction = (x, y) => Math.floor(x / y)

const functions: Readonly<Record<OperationName, BinaryFunction>> = {
  add: (x, y) => x + y,
  sub,
  mul: (x, y) => x * y,
  div,
  max: larger,
  min: smaller,
  pow,
  rsub: reversed(sub),
  rdiv: reversed(div),
  rpow: reversed(pow),
  atan2,
  ratan2: reversed(atan2),
  fmod,
  rfmod: reversed(fmod),
  logaddexp: logAddExp,
  floorDivide,
  rfloorDivide: reversed(floorDivide),
  remainder,
  rremainder: reversed(remainder),
}

const names = new Map<number, OperationName>(
  Object.entries(Operation).map(([name, number]) => [number, name as OperationName]),
)

/** y = op(a, b); with_scalar: y = op(a, constant b) */
export const BinaryOp = defineLayer({
  type: 'BinaryOp',
  binaryId: 40,
  inputs: '1..2',
  elements: 'float32',
  stores16: true,
  params: { op_type: int(0), with_scalar: int(1), b: float(2) },
  /** The function, and the constant in memory for the kernel. */
  prepare({ params: { op_type, with_scalar, b } }, { alloc }) {
    const name = names.get(op_type)
    if (name === undefined) throw new NcnnError(`op_type must be 0 to ${names.size - 1}, found ${op_type}`)
    const lastBroadcast: BroadcastMemory = {}
    if (!with_scalar) return { f: functions[name], constant: undefined, lastBroadcast }
    const constant = alloc([1])
    constant.data[0] = b
    return { f: functions[name], constant, lastBroadcast }
  },
  check({ with_scalar }, layer) {
    if (with_scalar) oneToOne(layer)
  },
  forward([a, second], { params: { op_type, b }, prepared: { f, constant, lastBroadcast } }, workspace) {
    if (constant !== undefined) {
      return mapElements(
        a,
        workspace,
        (x) => f(x, b),
        (input, output, n) =>
          workspace.kernels.binary({
            op: op_type,
            a: input,
            a0: 0,
            a1: 0,
            a2: 0,
            a3: 1,
            b: constant.ptr,
            b0: 0,
            b1: 0,
            b2: 0,
            b3: 0,
            output,
            n0: 1,
            n1: 1,
            n2: 1,
            n3: n,
          }),
      )
    }
    if (second === undefined) throw new NcnnError('it needs two inputs, or with_scalar=1 and the constant b')
    return binary(a, second, op_type, f, lastBroadcast, workspace)
  },
})

function binary(
  a: Blob,
  b: Blob,
  operation: number,
  f: BinaryFunction,
  lastBroadcast: BroadcastMemory,
  workspace: Workspace,
): Blob {
  checkFloat(a, workspace)
  checkFloat(b, workspace)
  const { shape, axes } = rememberedBroadcast(a.shape, b.shape, lastBroadcast)
  const y = resultBlob(a, b, shape, workspace)
  const [
    { length: n0, aStride: a0, bStride: b0 },
    { length: n1, aStride: a1, bStride: b1 },
    { length: n2, aStride: a2, bStride: b2 },
    { length: n3, aStride: a3, bStride: b3 },
  ] = axes
  if (workspace.float === 'float32') {
    workspace.kernels.binary({
      op: operation,
      a: a.ptr,
      a0,
      a1,
      a2,
      a3,
      b: b.ptr,
      b0,
      b1,
      b2,
      b3,
      output: y.ptr,
      n0,
      n1,
      n2,
      n3,
    })
    return y
  }
  const [x1, x2, target] = [a.data, b.data, y.data]
  let at = 0
  for (let i = 0; i < n0; i++) {
    for (let j = 0; j < n1; j++) {
      for (let k = 0; k < n2; k++) {
        const aRow = i * a0 + j * a1 + k * a2
        const bRow = i * b0 + j * b1 + k * b2
        for (let l = 0; l < n3; l++) target[at++] = f(x1[aRow + l * a3], x2[bRow + l * b3])
      }
    }
  }
  return y
}

/** The memory of an operand that is as large as the result and not needed afterwards, or new memory. */
function resultBlob(a: Blob, b: Blob, shape: readonly number[], { reuse, alloc }: Workspace): Blob {
  if (sameShape(a.shape, shape)) return reuse(a)
  return sameShape(b.shape, shape) ? reuse(b) : alloc(shape)
}
