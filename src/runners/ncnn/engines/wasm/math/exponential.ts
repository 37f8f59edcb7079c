// exp and expm1. Method and coefficients: Sun fdlibm, e_exp.c and s_expm1.c; error below 1 ulp.
import { powerOfTwo, scaleByPowerOfTwo } from './bits.ts'

/** ln 2 in two parts; the first has so few bits that an exponent times it is exact. */
export const ln2High = 0.6931471803691238
export const ln2Low = 1.9082149292705877e-10
const inverseLn2 = Math.LOG2E

/** The greatest x with finite e^x. */
export const expOverflow = 709.782712893384
const expUnderflow = -745.1332191019411

/** e^x. */
export function exp(x: number): number {
  return expOfSum(x, 0)
}

/** e^(x + tail) for a tail below x's last place. */
export function expOfSum(x: number, tail: number): number {
  if (Number.isNaN(x) || x > expOverflow) return x + Infinity
  if (x < expUnderflow) return 0
  const k = Math.round(x * inverseLn2)
  const high = x - k * ln2High
  const low = k * ln2Low - tail
  const r = high - low
  // (e^r + 1) r / (e^r - 1) = 2 + c', a polynomial in r^2.
  const z = r * r
  const c =
    r -
    z *
      (0.16666666666666602 +
        z *
          (-0.0027777777777015593 +
            z * (6.613756321437934e-5 + z * (-1.6533902205465252e-6 + z * 4.1381367970572385e-8))))
  return scaleByPowerOfTwo(1 - (low - (r * c) / (2 - c) - high), k)
}

/** e^x - 1, accurate near 0 too. */
export function expm1(x: number): number {
  if (Number.isNaN(x) || x > expOverflow) return x + Infinity
  if (x < -40) return -1
  if (Math.abs(x) < 2 ** -54) return x
  const k = Math.round(x * inverseLn2)
  const high = x - k * ln2High
  const low = k * ln2Low
  const r = high - low
  const half = 0.5 * r
  const z = r * half
  const q =
    1 +
    z *
      (-0.03333333333333313 +
        z *
          (0.0015873015872548146 +
            z * (-7.93650757867488e-5 + z * (4.008217827329362e-6 + z * -2.0109921818362437e-7))))
  const t = 3 - q * half
  const correction = z * ((q - t) / (6 - r * t))
  if (k === 0) return r - (r * correction - z)

  const lost = high - r - low
  const e = r * (correction - lost) - lost - z
  if (k === -1) return 0.5 * (r - e) - 0.5
  if (k === 1) return r < -0.25 ? -2 * (e - (r + 0.5)) : 1 + 2 * (r - e)
  if (k <= -2 || k > 56) return scaleByPowerOfTwo(1 - (e - r), k) - 1
  const unit = powerOfTwo(-k)
  return scaleByPowerOfTwo(k < 20 ? 1 - unit - (e - r) : r - (e + unit) + 1, k)
}
