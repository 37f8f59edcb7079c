// sin, cos, tan. Polynomials and their compensated evaluation: Sun fdlibm, k_sin.c, k_cos.c, k_tan.c; error below 1 ulp.
import { reduceAngle } from './pi-reduction.ts'

/** Sine of an angle in radians, of any size. */
export function sin(x: number): number {
  if (Math.abs(x) <= Math.PI / 4) return sinOfReduced(x, 0)
  if (!Number.isFinite(x)) return Number.NaN
  const { quadrant, high, low } = reduceAngle(x)
  const y = quadrant & 1 ? cosOfReduced(high, low) : sinOfReduced(high, low)
  return quadrant & 2 ? -y : y
}

/** Cosine of an angle in radians, of any size. */
export function cos(x: number): number {
  if (Math.abs(x) <= Math.PI / 4) return cosOfReduced(x, 0)
  if (!Number.isFinite(x)) return Number.NaN
  const { quadrant, high, low } = reduceAngle(x)
  const y = quadrant & 1 ? sinOfReduced(high, low) : cosOfReduced(high, low)
  return quadrant === 1 || quadrant === 2 ? -y : y
}

/** Tangent of an angle in radians, of any size. */
export function tan(x: number): number {
  if (Math.abs(x) <= Math.PI / 4) return tanOfReduced(x, 0)
  if (!Number.isFinite(x)) return Number.NaN
  const { quadrant, high, low } = reduceAngle(x)
  return quadrant & 1 ? negativeCotangent(high, low) : tanOfReduced(high, low)
}

/** sin(x + tail), |x| <= pi/4. */
function sinOfReduced(x: number, tail: number): number {
  if (Math.abs(x) < 2 ** -27) return x
  const z = x * x
  const cube = z * x
  const rest =
    0.00833333333332249 +
    z * (-0.0001984126982985795 + z * (2.7557313707070068e-6 + z * (-2.5050760253406863e-8 + z * 1.58969099521155e-10)))
  return x - (z * (0.5 * tail - cube * rest) - tail - cube * -0.16666666666666632)
}

/** cos(x + tail), |x| <= pi/4. */
function cosOfReduced(x: number, tail: number): number {
  const z = x * x
  const rest =
    z *
    (0.0416666666666666 +
      z *
        (-0.001388888888887411 +
          z *
            (2.480158728947673e-5 +
              z * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 + z * -1.1359647557788195e-11)))))
  const half = 0.5 * z
  const high = 1 - half
  return high + (1 - high - half + (z * rest - x * tail))
}

/** What tan(x + tail) - x is, |x| < 0.6744. */
function tanMinusX(x: number, tail: number): number {
  const z = x * x
  const w = z * z
  const even =
    0.13333333333320124 +
    w *
      (0.021869488294859542 +
        w *
          (0.0035920791075913124 +
            w * (0.0005880412408202641 + w * (7.817944429395571e-5 + w * -1.8558637485527546e-5))))
  const odd =
    z *
    (0.05396825397622605 +
      w *
        (0.0088632398235993 +
          w *
            (0.0014562094543252903 +
              w * (0.0002464631348184699 + w * (7.140724913826082e-5 + w * 2.590730518636337e-5)))))
  const cube = z * x
  return tail + z * (cube * (even + odd) + tail) + 0.3333333333333341 * cube
}

const tanFoldLimit = 0.67434
const quarterPiLow = 3.061616997868383e-17

/** tan(x + tail), |x| <= pi/4. */
function tanOfReduced(x: number, tail: number): number {
  if (Math.abs(x) < 2 ** -28) return x
  if (Math.abs(x) < tanFoldLimit) return x + tanMinusX(x, tail)
  // tan(pi/4 - y) = 1 - 2 (t - t^2 / (1 + t)), t = tan y
  const { sign, y, rest, t } = foldAtQuarterPi(x, tail)
  return sign * (1 - 2 * (y - ((t * t) / (t + 1) - rest)))
}

/** -1 / tan(x + tail), |x| <= pi/4. */
function negativeCotangent(x: number, tail: number): number {
  if (Math.abs(x) >= tanFoldLimit) {
    const { sign, y, rest, t } = foldAtQuarterPi(x, tail)
    return sign * (-1 - 2 * (y - ((t * t) / (t - 1) - rest)))
  }
  const rest = tanMinusX(x, tail)
  const t = x + rest
  // The quotient in two parts: those of 24 bits multiply exactly.
  const short = Math.fround(t)
  const lost = rest - (short - x)
  const quotient = -1 / t
  const shortQuotient = Math.fround(quotient)
  return shortQuotient + quotient * (1 + shortQuotient * short + shortQuotient * lost)
}

/** y = pi/4 - |x + tail|, t = tan y = y + rest. */
function foldAtQuarterPi(x: number, tail: number): { sign: number; y: number; rest: number; t: number } {
  const sign = x < 0 ? -1 : 1
  const y = Math.PI / 4 - sign * x + (quarterPiLow - sign * tail)
  const rest = tanMinusX(y, 0)
  return { sign, y, rest, t: y + rest }
}
