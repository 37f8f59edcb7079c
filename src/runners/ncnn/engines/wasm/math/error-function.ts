// erf and erfc. Rational approximations: Sun fdlibm, s_erf.c; error below 1 ulp (erfc: 2).
import { twoProduct, twoSum } from './double-double.ts'
import { expOfSum } from './exponential.ts'

/** c0 + z (c1 + z (c2 + ...)). */
function polynomial(coefficients: readonly number[], z: number): number {
  let sum = 0
  for (let i = coefficients.length - 1; i >= 0; i--) sum = coefficients[i] + z * sum
  return sum
}

/** |x| < 0.84375: erf x = x + x P(x^2) / Q(x^2). */
const smallP = [
  0.12837916709551256, -0.3250421072470015, -0.02848174957559851, -0.005770270296489442, -2.3763016656650163e-5,
]
const smallQ = [
  1, 0.39791722395915535, 0.0650222499887673, 0.005081306281875766, 0.00013249473800432164, -3.960228278775368e-6,
]
/** 0.84375 <= |x| < 1.25: erf x = erfOfOne + P(|x| - 1) / Q(|x| - 1). */
const erfOfOne = 0.8450629115104675
const middleP = [
  -0.0023621185607526594, 0.41485611868374833, -0.3722078760357013, 0.31834661990116175, -0.11089469428239668,
  0.035478304325618236, -0.002166375594868791,
]
const middleQ = [
  1, 0.10642088040084423, 0.540397917702171, 0.07182865441419627, 0.12617121980876164, 0.01363708391202905,
  0.011984499846799107,
]
/** 1.25 <= |x|: erfc x = exp(-x^2 - 0.5625 + P(1/x^2) / Q(1/x^2)) / x, below 1/0.35 and above. */
const largeP = [
  -0.009864944034847148, -0.6938585727071818, -10.558626225323291, -62.375332450326006, -162.39666946257347,
  -184.60509290671104, -81.2874355063066, -9.814329344169145,
]
const largeQ = [
  1, 19.651271667439257, 137.65775414351904, 434.56587747522923, 645.3872717332679, 429.00814002756783,
  108.63500554177944, 6.570249770319282, -0.0604244152148581,
]
const tailP = [
  -0.0098649429247001, -0.799283237680523, -17.757954917754752, -160.63638485582192, -637.5664433683896,
  -1025.0951316110772, -483.5191916086514,
]
const tailQ = [
  1, 30.33806074348246, 325.7925129965739, 1536.729586084437, 3199.8582195085955, 2553.0504064331644,
  474.52854120695537, -22.44095244658582,
]

const smallQuotient = (z: number): number => polynomial(smallP, z) / polynomial(smallQ, z)
const middleQuotient = (s: number): number => polynomial(middleP, s) / polynomial(middleQ, s)

/** erfc x for x >= 1.25. */
function erfcOfLarge(x: number): number {
  const z = 1 / (x * x)
  const quotient =
    x < 1 / 0.35 ? polynomial(largeP, z) / polynomial(largeQ, z) : polynomial(tailP, z) / polynomial(tailQ, z)
  const square = twoProduct(x, x)
  const exponent = twoSum(-square.high, quotient - 0.5625)
  return expOfSum(exponent.high, exponent.low - square.low) / x
}

/** The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x
  const magnitude = Math.abs(x)
  if (magnitude < 0.84375) return x + x * smallQuotient(x * x)
  const sign = x < 0 ? -1 : 1
  if (magnitude < 1.25) return sign * (erfOfOne + middleQuotient(magnitude - 1))
  return magnitude >= 6 ? sign : sign * (1 - erfcOfLarge(magnitude))
}

/** 1 - erf x, accurate where that is small. */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x
  const magnitude = Math.abs(x)
  if (magnitude < 0.84375) {
    const y = smallQuotient(x * x)
    return x < 0.25 ? 1 - (x + x * y) : 0.5 - (x - 0.5 + x * y)
  }
  if (magnitude < 1.25) {
    const y = middleQuotient(magnitude - 1)
    return x < 0 ? 1 + (erfOfOne + y) : 1 - erfOfOne - y
  }
  if (x < 0) return x <= -6 ? 2 : 2 - erfcOfLarge(magnitude)
  return x < 28 ? erfcOfLarge(x) : 0
}
