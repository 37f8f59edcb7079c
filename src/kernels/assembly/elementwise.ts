// Elementwise functions of one and two operands, with ncnn's operation numbers.
import { highHalf, joinHalves, lowHalf } from './halves'
import { storeFirst } from './lanes'
import { cos4, exp4, log4, pow4, sin4, tanh4 } from './math'

const ABS: i32 = 0
const NEG: i32 = 1
const FLOOR: i32 = 2
const CEIL: i32 = 3
const SQUARE: i32 = 4
const SQRT: i32 = 5
const RSQRT: i32 = 6
const EXP: i32 = 7
const LOG: i32 = 8
const SIN: i32 = 9
const COS: i32 = 10
const TAN: i32 = 11
const ASIN: i32 = 12
const ACOS: i32 = 13
const ATAN: i32 = 14
const RECIPROCAL: i32 = 15
const TANH: i32 = 16
const LOG10: i32 = 17
const ROUND: i32 = 18
const TRUNC: i32 = 19
const SIGN: i32 = 20
const EXPM1: i32 = 21
const SINH: i32 = 22
const ASINH: i32 = 23
const COSH: i32 = 24
const ACOSH: i32 = 25
const ATANH: i32 = 26
const LOG1P: i32 = 27

// One class for each operation, for the reason given in activation.ts.

class Abs {
  @inline apply(v: v128): v128 {
    return f32x4.abs(v)
  }
}

class Neg {
  @inline apply(v: v128): v128 {
    return f32x4.neg(v)
  }
}

class Floor {
  @inline apply(v: v128): v128 {
    return f32x4.floor(v)
  }
}

class Ceil {
  @inline apply(v: v128): v128 {
    return f32x4.ceil(v)
  }
}

class Square {
  @inline apply(v: v128): v128 {
    return f32x4.mul(v, v)
  }
}

class Sqrt {
  @inline apply(v: v128): v128 {
    return f32x4.sqrt(v)
  }
}

class Rsqrt {
  @inline apply(v: v128): v128 {
    return f32x4.div(f32x4.splat(1), f32x4.sqrt(v))
  }
}

class Exp {
  @inline apply(v: v128): v128 {
    return exp4(v)
  }
}

class Log {
  @inline apply(v: v128): v128 {
    return log4(v)
  }
}

class Sin {
  @inline apply(v: v128): v128 {
    return sin4(v)
  }
}

class Cos {
  @inline apply(v: v128): v128 {
    return cos4(v)
  }
}

class Reciprocal {
  @inline apply(v: v128): v128 {
    return f32x4.div(f32x4.splat(1), v)
  }
}

class Tanh {
  @inline apply(v: v128): v128 {
    return tanh4(v)
  }
}

class Round {
  @inline apply(v: v128): v128 {
    return f32x4.nearest(v)
  }
}

class Trunc {
  @inline apply(v: v128): v128 {
    return f32x4.trunc(v)
  }
}

class Sign {
  @inline apply(v: v128): v128 {
    const zero = f32x4.splat(0)
    const positive = v128.and(f32x4.gt(v, zero), f32x4.splat(1))
    return v128.bitselect(f32x4.splat(-1), positive, f32x4.lt(v, zero))
  }
}

// @ts-ignore: decorator
@inline
function map1<F>(input: usize, output: usize, n: i32): void {
  const f = changetype<F>(0)
  for (const end = input + (<usize>(n & ~3) << 2); input < end; input += 16, output += 16) {
    v128.store(output, f.apply(v128.load(input)))
  }
  if (n & 3) storeFirst(output, f.apply(v128.load(input)), n & 3)
}

/** The rarer functions, through the float64 functions of the standard library and one rounding. */
function mapScalar(op: i32, input: usize, output: usize, n: i32): void {
  for (const end = input + (<usize>n << 2); input < end; input += 4, output += 4) {
    const x = <f64>load<f32>(input)
    let y: f64
    switch (op) {
      case TAN: y = Math.tan(x); break
      case ASIN: y = Math.asin(x); break
      case ACOS: y = Math.acos(x); break
      case ATAN: y = Math.atan(x); break
      case LOG10: y = Math.log10(x); break
      case EXPM1: y = Math.expm1(x); break
      case SINH: y = Math.sinh(x); break
      case ASINH: y = Math.asinh(x); break
      case COSH: y = Math.cosh(x); break
      case ACOSH: y = Math.acosh(x); break
      case ATANH: y = Math.atanh(x); break
      case LOG1P: y = Math.log1p(x); break
      default: y = NaN
    }
    store<f32>(output, <f32>y)
  }
}

export function unary(op: i32, input: usize, output: usize, n: i32): void {
  switch (op) {
    case ABS: return map1<Abs>(input, output, n)
    case NEG: return map1<Neg>(input, output, n)
    case FLOOR: return map1<Floor>(input, output, n)
    case CEIL: return map1<Ceil>(input, output, n)
    case SQUARE: return map1<Square>(input, output, n)
    case SQRT: return map1<Sqrt>(input, output, n)
    case RSQRT: return map1<Rsqrt>(input, output, n)
    case EXP: return map1<Exp>(input, output, n)
    case LOG: return map1<Log>(input, output, n)
    case SIN: return map1<Sin>(input, output, n)
    case COS: return map1<Cos>(input, output, n)
    case RECIPROCAL: return map1<Reciprocal>(input, output, n)
    case TANH: return map1<Tanh>(input, output, n)
    case ROUND: return map1<Round>(input, output, n)
    case TRUNC: return map1<Trunc>(input, output, n)
    case SIGN: return map1<Sign>(input, output, n)
    default: mapScalar(op, input, output, n)
  }
}

const ADD: i32 = 0
const SUB: i32 = 1
const MUL: i32 = 2
const DIV: i32 = 3
const MAX: i32 = 4
const MIN: i32 = 5
const POW: i32 = 6
const RSUB: i32 = 7
const RDIV: i32 = 8
const RPOW: i32 = 9
const ATAN2: i32 = 10
const RATAN2: i32 = 11
const FMOD: i32 = 12
const RFMOD: i32 = 13
const LOGADDEXP: i32 = 14
const FLOOR_DIVIDE: i32 = 15
const RFLOOR_DIVIDE: i32 = 16
const REMAINDER: i32 = 17
const RREMAINDER: i32 = 18

class Add {
  @inline apply(x: v128, y: v128): v128 {
    return f32x4.add(x, y)
  }
}

class Sub {
  @inline apply(x: v128, y: v128): v128 {
    return f32x4.sub(x, y)
  }
}

class Mul {
  @inline apply(x: v128, y: v128): v128 {
    return f32x4.mul(x, y)
  }
}

class Div {
  @inline apply(x: v128, y: v128): v128 {
    return f32x4.div(x, y)
  }
}

/** Keeps the first operand when it cannot decide, like std::max. */
class Max {
  @inline apply(x: v128, y: v128): v128 {
    return f32x4.pmax(x, y)
  }
}

/** Keeps the first operand when it cannot decide, like std::min. */
class Min {
  @inline apply(x: v128, y: v128): v128 {
    return f32x4.pmin(x, y)
  }
}

class FloorDivide {
  @inline apply(x: v128, y: v128): v128 {
    return f32x4.floor(f32x4.div(x, y))
  }
}

function power(x: f32, y: f32): f32 {
  return <f32>Math.pow(x, y)
}

/** Four at once, unless one is zero, infinite or NaN. */
class Pow {
  @inline apply(x: v128, y: v128): v128 {
    const infinity = f32x4.splat(Infinity), size = f32x4.abs(x), isNegative = f32x4.lt(x, f32x4.splat(0))
    const finite = v128.and(f32x4.lt(size, infinity), f32x4.lt(f32x4.abs(y), infinity))
    if (i32x4.all_true(v128.and(finite, f32x4.gt(size, f32x4.splat(0))))) {
      const z = pow4(size, y)
      if (!v128.any_true(isNegative)) return z
      // Of a negative number only whole powers exist; the odd ones are negative.
      const half = f32x4.mul(y, f32x4.splat(0.5)), isOdd = f32x4.ne(f32x4.floor(half), half)
      const signed = v128.xor(z, v128.and(isOdd, f32x4.splat(-0.0)))
      const power = v128.bitselect(signed, f32x4.splat(NaN), f32x4.eq(f32x4.floor(y), y))
      return v128.bitselect(power, z, isNegative)
    }
    return f32x4(
      power(f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0)), power(f32x4.extract_lane(x, 1), f32x4.extract_lane(y, 1)),
      power(f32x4.extract_lane(x, 2), f32x4.extract_lane(y, 2)), power(f32x4.extract_lane(x, 3), f32x4.extract_lane(y, 3)),
    )
  }
}

/** x^3 by two products in float64, the first of them exact. */
class Cube {
  @inline apply(x: v128, _: v128): v128 {
    const low = lowHalf(x), high = highHalf(x)
    return joinHalves(f64x2.mul(f64x2.mul(low, low), low), f64x2.mul(f64x2.mul(high, high), high))
  }
}

/** One row; an operand whose step is 0 is the same for the whole row. */
// @ts-ignore: decorator
@inline
function map2<F>(a: usize, aStep: i32, b: usize, bStep: i32, output: usize, n: i32): void {
  const f = changetype<F>(0)
  const end = output + (<usize>(n & ~3) << 2), rest = n & 3
  if (aStep && bStep) {
    for (; output < end; output += 16, a += 16, b += 16) v128.store(output, f.apply(v128.load(a), v128.load(b)))
    if (rest) storeFirst(output, f.apply(v128.load(a), v128.load(b)), rest)
  } else if (aStep) {
    const y = v128.load32_splat(b)
    for (; output < end; output += 16, a += 16) v128.store(output, f.apply(v128.load(a), y))
    if (rest) storeFirst(output, f.apply(v128.load(a), y), rest)
  } else {
    const x = v128.load32_splat(a)
    if (!bStep) {
      const v = f.apply(x, v128.load32_splat(b))
      for (; output < end; output += 16) v128.store(output, v)
      if (rest) storeFirst(output, v, rest)
      return
    }
    for (; output < end; output += 16, b += 16) v128.store(output, f.apply(x, v128.load(b)))
    if (rest) storeFirst(output, f.apply(x, v128.load(b)), rest)
  }
}

/** IEEE remainder of float32 values: exact in float64, the quotient rounded to nearest, ties to even. */
function remainder(x: f64, y: f64): f64 {
  const d = abs(y)
  let r = abs(x % (d + d))
  if (r > 0.5 * d) {
    r -= d
    if (r >= 0.5 * d) r -= d
  }
  return x < 0 ? -r : r
}

function scalar2(op: i32, x: f32, y: f32): f32 {
  switch (op) {
    case ATAN2: return <f32>Math.atan2(x, y)
    case FMOD: return <f32>(<f64>x % <f64>y)
    case LOGADDEXP: {
      const high = x < y ? y : x, low = y < x ? y : x
      return high + <f32>Math.log1p(<f32>Math.exp(low - high))
    }
    default: return <f32>remainder(x, y)
  }
}

function mapScalar2(op: i32, a: usize, aStep: i32, b: usize, bStep: i32, output: usize, n: i32): void {
  for (const end = output + (<usize>n << 2); output < end; output += 4, a += <usize>aStep << 2, b += <usize>bStep << 2) {
    store<f32>(output, scalar2(op, load<f32>(a), load<f32>(b)))
  }
}

function rowBinary(op: i32, a: usize, aStep: i32, b: usize, bStep: i32, output: usize, n: i32): void {
  switch (op) {
    case ADD: return map2<Add>(a, aStep, b, bStep, output, n)
    case SUB: return map2<Sub>(a, aStep, b, bStep, output, n)
    case MUL: return map2<Mul>(a, aStep, b, bStep, output, n)
    case DIV: return map2<Div>(a, aStep, b, bStep, output, n)
    case MAX: return map2<Max>(a, aStep, b, bStep, output, n)
    case MIN: return map2<Min>(a, aStep, b, bStep, output, n)
    case FLOOR_DIVIDE: return map2<FloorDivide>(a, aStep, b, bStep, output, n)
    case POW:
      if (!bStep && load<f32>(b) == 2) return map2<Mul>(a, aStep, a, aStep, output, n)
      if (!bStep && load<f32>(b) == 3) return map2<Cube>(a, aStep, a, aStep, output, n)
      return map2<Pow>(a, aStep, b, bStep, output, n)
    default: mapScalar2(op, a, aStep, b, bStep, output, n)
  }
}

/** The operation with exchanged operands that a reversed operation is, or -1. */
function reversed(op: i32): i32 {
  switch (op) {
    case RSUB: return SUB
    case RDIV: return DIV
    case RPOW: return POW
    case RATAN2: return ATAN2
    case RFMOD: return FMOD
    case RFLOOR_DIVIDE: return FLOOR_DIVIDE
    case RREMAINDER: return REMAINDER
    default: return -1
  }
}

export function binary(
  op: i32, a: usize, a0: i32, a1: i32, a2: i32, a3: i32, b: usize, b0: i32, b1: i32, b2: i32, b3: i32,
  output: usize, n0: i32, n1: i32, n2: i32, n3: i32,
): void {
  const exchanged = reversed(op)
  if (exchanged >= 0) return binary(exchanged, b, b0, b1, b2, b3, a, a0, a1, a2, a3, output, n0, n1, n2, n3)
  const rowBytes = <usize>n3 << 2
  for (let i = 0; i < n0; i++) {
    for (let j = 0; j < n1; j++) {
      let x = a + (<usize>(i * a0 + j * a1) << 2), y = b + (<usize>(i * b0 + j * b1) << 2)
      for (let l = 0; l < n2; l++, x += <usize>a2 << 2, y += <usize>b2 << 2, output += rowBytes) {
        rowBinary(op, x, a3, y, b3, output, n3)
      }
    }
  }
}

export function addScaled(input: usize, coefficient: f32, output: usize, n: i32): void {
  const c = f32x4.splat(coefficient)
  for (const end = input + (<usize>(n & ~3) << 2); input < end; input += 16, output += 16) {
    v128.store(output, f32x4.add(v128.load(output), f32x4.mul(v128.load(input), c)))
  }
  if (n & 3) storeFirst(output, f32x4.add(v128.load(output), f32x4.mul(v128.load(input), c)), n & 3)
}

export function prelu(data: usize, slopes: usize, outer: i32, inner: i32): void {
  const zero = f32x4.splat(0)
  if (inner == 1) {
    for (const end = data + (<usize>(outer & ~3) << 2); data < end; data += 16, slopes += 16) {
      const v = v128.load(data)
      v128.store(data, v128.bitselect(f32x4.mul(v, v128.load(slopes)), v, f32x4.lt(v, zero)))
    }
    if (outer & 3) {
      const v = v128.load(data)
      storeFirst(data, v128.bitselect(f32x4.mul(v, v128.load(slopes)), v, f32x4.lt(v, zero)), outer & 3)
    }
    return
  }
  for (let o = 0; o < outer; o++, slopes += 4) {
    const slope = v128.load32_splat(slopes)
    for (const end = data + (<usize>(inner & ~3) << 2); data < end; data += 16) {
      const v = v128.load(data)
      v128.store(data, v128.bitselect(f32x4.mul(v, slope), v, f32x4.lt(v, zero)))
    }
    const rest = inner & 3
    if (rest) {
      const v = v128.load(data)
      storeFirst(data, v128.bitselect(f32x4.mul(v, slope), v, f32x4.lt(v, zero)), rest)
      data += <usize>rest << 2
    }
  }
}

export function scaleBias(input: usize, output: usize, scale: usize, bias: usize, outer: i32, inner: i32): void {
  if (inner == 1) {
    for (let i = 0; i < outer; i += 4, input += 16, output += 16, scale += 16) {
      let v = f32x4.mul(v128.load(input), v128.load(scale))
      if (bias) v = f32x4.add(v, v128.load(bias + (<usize>i << 2)))
      if (outer - i >= 4) v128.store(output, v)
      else storeFirst(output, v, outer - i)
    }
    return
  }
  const rest = inner & 3
  for (let o = 0; o < outer; o++, scale += 4) {
    const s = v128.load32_splat(scale), end = input + (<usize>(inner & ~3) << 2)
    if (bias) {
      const t = v128.load32_splat(bias + (<usize>o << 2))
      for (; input < end; input += 16, output += 16) v128.store(output, f32x4.add(f32x4.mul(v128.load(input), s), t))
      if (rest) storeFirst(output, f32x4.add(f32x4.mul(v128.load(input), s), t), rest)
    } else {
      for (; input < end; input += 16, output += 16) v128.store(output, f32x4.mul(v128.load(input), s))
      if (rest) storeFirst(output, f32x4.mul(v128.load(input), s), rest)
    }
    input += <usize>rest << 2
    output += <usize>rest << 2
  }
}
