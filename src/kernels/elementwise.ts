// What is computed element by element: functions of one and of two operands.
import { kernel } from './definition.ts'

/** Operations of `unary`: the `op_type` of ncnn's UnaryOp. */
export const UnaryOp = {
  abs: 0,
  neg: 1,
  floor: 2,
  ceil: 3,
  square: 4,
  sqrt: 5,
  rsqrt: 6,
  exp: 7,
  log: 8,
  sin: 9,
  cos: 10,
  tan: 11,
  asin: 12,
  acos: 13,
  atan: 14,
  reciprocal: 15,
  tanh: 16,
  log10: 17,
  round: 18,
  trunc: 19,
  sign: 20,
  expm1: 21,
  sinh: 22,
  asinh: 23,
  cosh: 24,
  acosh: 25,
  atanh: 26,
  log1p: 27,
} as const

/** Operations of `binary`: the `op_type` of ncnn's BinaryOp (`r...`: operands exchanged). */
export const BinaryOp = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  max: 4,
  min: 5,
  pow: 6,
  rsub: 7,
  rdiv: 8,
  rpow: 9,
  atan2: 10,
  ratan2: 11,
  fmod: 12,
  rfmod: 13,
  logaddexp: 14,
  floorDivide: 15,
  rfloorDivide: 16,
  remainder: 17,
  rremainder: 18,
} as const

export const elementwiseKernels = {
  /** output[i] = op(input[i]), `op` one of {@link UnaryOp}; may run in place. Functions are accurate to 1 ulp. */
  unary: kernel(['op', 'input', 'output', 'n']),
  /** output[i] = activation(input[i]), `activation` one of {@link Activation}; may run in place. */
  activate: kernel(['activation', 'input', 'output', 'n', 'activationA', 'activationB'], {
    activationA: 0,
    activationB: 0,
  }),
  /** x < 0 becomes x * slopes[o], in place, over data[outer][inner] with one slope per outer index. */
  prelu: kernel(['data', 'slopes', 'outer', 'inner']),
  /** output[o][i] = input[o][i] * scale[o] + bias[o] (`bias` may be 0); may run in place. */
  scaleBias: kernel(['input', 'output', 'scale', 'bias', 'outer', 'inner'], { bias: 0 }),
  /**
   * output[i0][i1][i2][i3] = op(a, b) over a dense output of n0*n1*n2*n3, `op` one of {@link BinaryOp}. Each operand has a stride for each
   * axis: 0 where it is broadcast. The last axis' strides `a3` and `b3` are 1 or 0. Output may be an operand that has its full shape.
   */
  binary: kernel(['op', 'a', 'a0', 'a1', 'a2', 'a3', 'b', 'b0', 'b1', 'b2', 'b3', 'output', 'n0', 'n1', 'n2', 'n3']),
  /** output[i] += input[i] * coefficient (Eltwise with coefficients; `coefficient` 1 adds exactly). */
  addScaled: kernel(['input', 'coefficient', 'output', 'n']),
}
