// UnaryOp: an elementary function of each element.
import { HalfFunction, UnaryOp as Operation } from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import * as math from '../math/index.ts'
import { mapElements, unaryKernel } from '../operations/elementwise.ts'

type OperationName = keyof typeof Operation

const functions: Readonly<Record<OperationName, (x: number) => number>> = {
  abs: Math.abs,
  neg: (x) => -x,
  floor: Math.floor,
  ceil: Math.ceil,
  square: (x) => x * x,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  exp: math.exp,
  log: math.log,
  sin: math.sin,
  cos: math.cos,
  tan: math.tan,
  asin: math.asin,
  acos: math.acos,
  atan: math.atan,
  reciprocal: (x) => 1 / x,
  tanh: math.tanh,
  log10: math.log10,
  round: roundHalfEven,
  trunc: Math.trunc,
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  expm1: math.expm1,
  sinh: math.sinh,
  asinh: math.asinh,
  cosh: math.cosh,
  acosh: math.acosh,
  atanh: math.atanh,
  log1p: math.log1p,
}

const names = new Map<number, OperationName>(
  Object.entries(Operation).map(([name, number]) => [number, name as OperationName]),
)

/** What ncnn's ARM code computes in float16 wherever it stores that. */
const halfFunctions: Readonly<Record<number, number>> = {
  [Operation.exp]: HalfFunction.exp,
  [Operation.tanh]: HalfFunction.tanh,
}

/** To the nearest integer, halves to the even one; -0.5 becomes -0. */
function roundHalfEven(x: number): number {
  const unit = 4503599627370496 // 2^52
  const magnitude = Math.abs(x)
  if (!(magnitude < unit) || x === 0) return x
  // Doubles from 2^52 on are integers, so that the addition rounds.
  const rounded = magnitude + unit - unit
  return x < 0 ? -rounded : rounded
}

/** y = op(x) */
export const UnaryOp = defineLayer({
  type: 'UnaryOp',
  binaryId: 41,
  inputs: '1',
  elements: 'float32',
  stores16: true,
  params: { op_type: int(0) },
  prepare({ params: { op_type } }) {
    const name = names.get(op_type)
    if (name === undefined) throw new NcnnError(`op_type must be 0 to ${names.size - 1}, found ${op_type}`)
    return functions[name]
  },
  forward([x], { params: { op_type }, prepared: f, storage16 }, workspace) {
    const half = storage16 === 'float16' ? halfFunctions[op_type] : undefined
    const kernel =
      half === undefined
        ? unaryKernel(op_type, workspace)
        : (input: number, output: number, n: number) => workspace.kernels.halfFunction({ f: half, input, output, n })
    return mapElements(x, workspace, f, kernel)
  },
})
