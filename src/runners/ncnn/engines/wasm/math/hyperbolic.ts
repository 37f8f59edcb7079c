// sinh, cosh, tanh and their inverses from expm1 and log1p. Formulas and their ranges: Sun fdlibm, e_sinh.c, e_cosh.c,
// s_tanh.c, s_asinh.c, e_acosh.c, e_atanh.c; error below 2 ulp.
import { exp, expm1, expOverflow } from './exponential.ts'
import { log, log1p } from './logarithm.ts'

/** Beyond this e^-x is lost beside e^x. */
const negligible = 22

/** e^x / 2 where e^x itself may overflow. */
function halfOfExp(x: number): number {
  if (x <= expOverflow) return 0.5 * exp(x)
  const root = exp(0.5 * x)
  return 0.5 * root * root
}

/** Hyperbolic sine. */
export function sinh(x: number): number {
  const magnitude = Math.abs(x)
  if (magnitude < 2 ** -28 || !Number.isFinite(x)) return x
  const sign = x < 0 ? -1 : 1
  if (magnitude >= negligible) return sign * halfOfExp(magnitude)
  const t = expm1(magnitude)
  return 0.5 * sign * (magnitude < 1 ? 2 * t - (t * t) / (t + 1) : t + t / (t + 1))
}

/** Hyperbolic cosine. */
export function cosh(x: number): number {
  const magnitude = Math.abs(x)
  if (magnitude >= negligible) return halfOfExp(magnitude)
  if (magnitude < 0.34657359027997264) {
    const t = expm1(magnitude)
    return 1 + (t * t) / (2 * (1 + t))
  }
  const t = exp(magnitude)
  return 0.5 * t + 0.5 / t
}

/** Hyperbolic tangent. */
export function tanh(x: number): number {
  const magnitude = Math.abs(x)
  if (Number.isNaN(x) || magnitude < 2 ** -28) return x
  const sign = x < 0 ? -1 : 1
  if (magnitude >= negligible) return sign
  if (magnitude >= 1) return sign * (1 - 2 / (expm1(2 * magnitude) + 2))
  const t = expm1(-2 * magnitude)
  return (sign * -t) / (t + 2)
}

/** Inverse hyperbolic sine. */
export function asinh(x: number): number {
  const magnitude = Math.abs(x)
  if (!Number.isFinite(x) || magnitude < 2 ** -28) return x
  const sign = x < 0 ? -1 : 1
  if (magnitude > 2 ** 28) return sign * (log(magnitude) + Math.LN2)
  const square = magnitude * magnitude
  const root = Math.sqrt(square + 1)
  if (magnitude > 2) return sign * log(2 * magnitude + 1 / (root + magnitude))
  return sign * log1p(magnitude + square / (1 + root))
}

/** Inverse hyperbolic cosine, for x >= 1. */
export function acosh(x: number): number {
  if (!(x >= 1)) return Number.NaN
  if (x > 2 ** 28) return log(x) + Math.LN2
  if (x > 2) return log(2 * x - 1 / (x + Math.sqrt(x * x - 1)))
  const t = x - 1
  return log1p(t + Math.sqrt(2 * t + t * t))
}

/** Inverse hyperbolic tangent, for |x| <= 1. */
export function atanh(x: number): number {
  const magnitude = Math.abs(x)
  if (!(magnitude <= 1)) return Number.NaN
  if (magnitude < 2 ** -28) return x
  const sign = x < 0 ? -1 : 1
  if (magnitude === 1) return sign * Infinity
  const double = 2 * magnitude
  if (magnitude < 0.5) return sign * 0.5 * log1p(double + (double * magnitude) / (1 - magnitude))
  return sign * 0.5 * log1p(double / (1 - magnitude))
}
