// Elementary functions of one element: UnaryOp, and the older layers AbsVal, Exp, Log and Power.
import { UnaryOp as Operation } from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import * as math from '../math/index.ts'
import { mapElements } from '../operations/elementwise.ts'

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

/** To the nearest integer, halves to the even one; -0.5 becomes -0. */
function roundHalfEven(x: number): number {
  const unit = 4503599627370496 // 2^52
  const magnitude = Math.abs(x)
  if (!(magnitude < unit) || x === 0) return x
  // Doubles from 2^52 on are integers, so that the addition rounds.
  const rounded = magnitude + unit - unit
  return x < 0 ? -rounded : rounded
}

const kernelOf =
  (operation: number, { kernels }: Workspace) =>
  (input: number, output: number, n: number): void =>
    kernels.unary(operation, input, output, n)

/** y = op(x) */
export const UnaryOp = defineLayer({
  type: 'UnaryOp',
  inputs: '1',
  params: { op_type: int(0) },
  prepare({ params: { op_type } }) {
    const name = names.get(op_type)
    if (name === undefined) throw new NcnnError(`op_type must be 0 to ${names.size - 1}, found ${op_type}`)
    return functions[name]
  },
  forward: ([x], { params: { op_type }, prepared: f }, workspace) =>
    mapElements(x, workspace, f, kernelOf(op_type, workspace)),
})

/** y = |x| */
export const AbsVal = defineLayer({
  type: 'AbsVal',
  inputs: '1',
  params: {},
  forward: ([x], _, workspace) => mapElements(x, workspace, Math.abs, kernelOf(Operation.abs, workspace)),
})

/** The value of `base` that stands for e. */
const naturalBase = -1

/** y = base^(shift + x * scale) */
export const Exp = defineLayer({
  type: 'Exp',
  inputs: '1',
  params: { base: float(0, naturalBase), scale: float(1, 1), shift: float(2) },
  forward([x], { params: { base, scale, shift } }, workspace) {
    if (base !== naturalBase) return mapElements(x, workspace, (v) => math.pow(base, shift + v * scale))
    const kernel = scale === 1 && shift === 0 ? kernelOf(Operation.exp, workspace) : undefined
    return mapElements(x, workspace, (v) => math.exp(shift + v * scale), kernel)
  },
})

/** y = log(shift + x * scale), to the base `base` */
export const Log = defineLayer({
  type: 'Log',
  inputs: '1',
  params: { base: float(0, naturalBase), scale: float(1, 1), shift: float(2) },
  forward([x], { params: { base, scale, shift } }, workspace) {
    if (base !== naturalBase) {
      const logBase = math.log(base)
      return mapElements(x, workspace, (v) => math.log(shift + v * scale) / logBase)
    }
    const kernel = scale === 1 && shift === 0 ? kernelOf(Operation.log, workspace) : undefined
    return mapElements(x, workspace, (v) => math.log(shift + v * scale), kernel)
  },
})

/** y = (shift + x * scale)^power */
export const Power = defineLayer({
  type: 'Power',
  inputs: '1',
  params: { power: float(0, 1), scale: float(1, 1), shift: float(2) },
  forward: ([x], { params: { power, scale, shift } }, workspace) =>
    mapElements(x, workspace, (v) => math.pow(shift + v * scale, power)),
})
