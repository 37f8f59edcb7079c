// Activations over arrays, alone or as the pass that follows a GEMM or convolution. Each is computed in the float32 steps of ncnn's
// plain layer of that name, so that the results agree but for the last bit of exp, log, tanh and erfc.
import { LeakyRelu, Limits, Relu } from './clamps'
import { storeFirst, storeLanes } from './lanes'
import { erf4, erfc4, exp4, log4, tanh4, tanhOfLog4 } from './math'

export const NONE: i32 = 0
export const RELU: i32 = 1
export const LEAKY_RELU: i32 = 2
export const CLIP: i32 = 3
const SIGMOID: i32 = 4
const MISH: i32 = 5
const HARD_SWISH: i32 = 6
const HARD_SIGMOID: i32 = 7
const TANH: i32 = 8
const GELU: i32 = 9
const FAST_GELU: i32 = 10
const SWISH: i32 = 11
const ELU: i32 = 12
const SELU: i32 = 13
const CELU: i32 = 14
const SOFTPLUS: i32 = 15
const BNLL: i32 = 16
const ERF: i32 = 17
const SHRINK: i32 = 18
const THRESHOLD: i32 = 19

/** Activations that the tiles of GEMM apply before they store. */
// @ts-ignore: decorator
@inline
export function isClamp(activation: i32): bool {
  return activation == RELU || activation == CLIP
}

// @ts-ignore: decorator
@inline
function negative(v: v128): v128 {
  return f32x4.lt(v, f32x4.splat(0))
}

/** 1 / (1 + e^-x) without ncnn's limits on x, as inside its recurrent layers. */
// @ts-ignore: decorator
@inline
export function plainSigmoid4(v: v128): v128 {
  const one = f32x4.splat(1)
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(v))))
}

function sigmoid4(v: v128): v128 {
  const limit = f32x4.splat(88.3762626647949)
  return plainSigmoid4(f32x4.pmax(f32x4.pmin(v, limit), f32x4.neg(limit)))
}

/** log(1 + e^x) with both roundings of the plain formula. */
// @ts-ignore: decorator
@inline
function softplus4(v: v128): v128 {
  return log4(f32x4.add(exp4(v), f32x4.splat(1)))
}

/** x * tanh(log(1 + e^x)): with the rounding of 1 + e^x, which is what ncnn's float32 steps lose most by, but not that of the logarithm. */
function mish4(v: v128): v128 {
  const one = f32x4.splat(1), e = exp4(v)
  let y = tanhOfLog4(f32x4.add(e, one))
  y = v128.bitselect(one, y, f32x4.gt(v, f32x4.splat(20)))
  y = v128.bitselect(e, y, f32x4.lt(v, f32x4.splat(-20)))
  return f32x4.mul(v, y)
}

const HALF = memory.data<f32>([0.5, 0.5, 0.5, 0.5], 16)
const MINUS_ROOT_HALF = memory.data<f32>([-0.70710678, -0.70710678, -0.70710678, -0.70710678], 16)

function gelu4(v: v128): v128 {
  return f32x4.mul(f32x4.mul(v128.load(HALF), v), erfc4(f32x4.mul(v128.load(MINUS_ROOT_HALF), v)))
}

function fastGelu4(v: v128): v128 {
  let cubic = f32x4.mul(f32x4.mul(f32x4.mul(f32x4.splat(0.044715), v), v), v)
  cubic = f32x4.mul(f32x4.splat(0.79788452), f32x4.add(v, cubic))
  return f32x4.mul(f32x4.mul(f32x4.splat(0.5), v), f32x4.add(f32x4.splat(1), tanh4(cubic)))
}

function swish4(v: v128): v128 {
  return f32x4.div(v, f32x4.add(f32x4.splat(1), exp4(f32x4.neg(v))))
}

// @ts-ignore: decorator
@inline
function expMinus1(v: v128): v128 {
  return f32x4.sub(exp4(v), f32x4.splat(1))
}

function bnll4(v: v128): v128 {
  const positive = f32x4.gt(v, f32x4.splat(0))
  const y = softplus4(v128.bitselect(f32x4.neg(v), v, positive))
  return v128.bitselect(f32x4.add(v, y), y, positive)
}

// One class for each activation: `map` is compiled once for each, with its `apply` inlined. A parameter that is constant at every call
// would be simpler to read, but the optimiser merges such calls into one loop that decides anew for every vector.

class Sigmoid {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return sigmoid4(v)
  }
}

class Mish {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return mish4(v)
  }
}

class Tanh {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return tanh4(v)
  }
}

class Gelu {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return gelu4(v)
  }
}

class FastGelu {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return fastGelu4(v)
  }
}

class Swish {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return swish4(v)
  }
}

class Elu {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return v128.bitselect(f32x4.mul(a, expMinus1(v)), v, negative(v))
  }
}

class Selu {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return v128.bitselect(f32x4.mul(expMinus1(v), f32x4.mul(a, b)), f32x4.mul(v, b), negative(v))
  }
}

class Celu {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return v128.bitselect(f32x4.mul(expMinus1(f32x4.div(v, a)), a), v, negative(v))
  }
}

class Softplus {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return softplus4(v)
  }
}

class Bnll {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return bnll4(v)
  }
}

class Erf {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return erf4(v)
  }
}

class Shrink {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    const y = v128.and(f32x4.sub(v, a), f32x4.gt(v, b))
    return v128.bitselect(f32x4.add(v, a), y, f32x4.lt(v, f32x4.neg(b)))
  }
}

class Threshold {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return v128.and(f32x4.gt(v, a), f32x4.splat(1))
  }
}

// @ts-ignore: decorator
@inline
function map<F>(input: usize, output: usize, n: i32, a: v128, b: v128): void {
  const f = changetype<F>(0)
  for (const end = input + (<usize>(n & ~3) << 2); input < end; input += 16, output += 16) {
    v128.store(output, f.apply(v128.load(input), a, b))
  }
  if (n & 3) storeFirst(output, f.apply(v128.load(input), a, b), n & 3)
}

/** hardsigmoid (and hardswish, x times it): x * alpha + beta between the points where that is 0 and 1. */
// @ts-ignore: decorator
@inline
function mapHard(swish: bool, input: usize, output: usize, n: i32, alpha: f32, beta: f32): void {
  const a = f32x4.splat(alpha), b = f32x4.splat(beta)
  const lower: f32 = -beta / alpha, upper: f32 = <f32>1 / alpha + lower
  const lo = f32x4.splat(lower), hi = f32x4.splat(upper)
  let rest = n
  while (rest > 0) {
    const v = v128.load(input)
    let y = f32x4.add(f32x4.mul(v, a), b)
    if (swish) y = f32x4.mul(v, y)
    y = v128.bitselect(swish ? v : f32x4.splat(1), y, f32x4.gt(v, hi))
    y = v128.andnot(y, f32x4.lt(v, lo))
    storeLanes(output, y, rest)
    input += 16
    output += 16
    rest -= 4
  }
}

export function activate(activation: i32, input: usize, output: usize, n: i32, activationA: f32, activationB: f32): void {
  const a = f32x4.splat(activationA), b = f32x4.splat(activationB)
  switch (activation) {
    case RELU: return map<Relu>(input, output, n, a, b)
    case LEAKY_RELU: return map<LeakyRelu>(input, output, n, a, b)
    case CLIP: return map<Limits>(input, output, n, a, b)
    case SIGMOID: return map<Sigmoid>(input, output, n, a, b)
    case MISH: return map<Mish>(input, output, n, a, b)
    case HARD_SWISH: return mapHard(true, input, output, n, activationA, activationB)
    case HARD_SIGMOID: return mapHard(false, input, output, n, activationA, activationB)
    case TANH: return map<Tanh>(input, output, n, a, b)
    case GELU: return map<Gelu>(input, output, n, a, b)
    case FAST_GELU: return map<FastGelu>(input, output, n, a, b)
    case SWISH: return map<Swish>(input, output, n, a, b)
    case ELU: return map<Elu>(input, output, n, a, b)
    case SELU: return map<Selu>(input, output, n, a, b)
    case CELU: return map<Celu>(input, output, n, a, b)
    case SOFTPLUS: return map<Softplus>(input, output, n, a, b)
    case BNLL: return map<Bnll>(input, output, n, a, b)
    case ERF: return map<Erf>(input, output, n, a, b)
    case SHRINK: return map<Shrink>(input, output, n, a, b)
    case THRESHOLD: return map<Threshold>(input, output, n, a, b)
    default:
      if (input != output) memory.copy(output, input, <usize>n << 2)
  }
}
