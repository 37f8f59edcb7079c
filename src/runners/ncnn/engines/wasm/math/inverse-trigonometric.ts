// asin, acos, atan, atan2. Approximations: Sun fdlibm, e_asin.c, e_acos.c, s_atan.c, e_atan2.c; error below 1 ulp (atan2: 1.5).

const halfPiHigh = Math.PI / 2
const halfPiLow = 6.123233995736766e-17
const piLow = 1.2246467991473532e-16

/** (asin x - x) / x as a function of z = x^2, z <= 1/4. */
function asinRest(z: number): number {
  const p =
    z *
    (0.16666666666666666 +
      z *
        (-0.3255658186224009 +
          z *
            (0.20121253213486293 +
              z * (-0.04005553450067941 + z * (0.0007915349942898145 + z * 3.479331075960212e-5)))))
  const q =
    1 + z * (-2.403394911734414 + z * (2.0209457602335057 + z * (-0.6882839716054533 + z * 0.07703815055590194)))
  return p / q
}

/** A square root in two parts, of which the first has 24 bits. */
function sqrtParts(z: number): { readonly root: number; readonly short: number; readonly rest: number } {
  const root = Math.sqrt(z)
  const short = Math.fround(root)
  return { root, short, rest: z === 0 ? 0 : (z - short * short) / (root + short) }
}

/** Arc sine, -pi/2 to pi/2. */
export function asin(x: number): number {
  const magnitude = Math.abs(x)
  if (!(magnitude <= 1)) return Number.NaN
  if (magnitude < 2 ** -27) return x
  if (magnitude < 0.5) return x + x * asinRest(x * x)
  // pi/2 - 2 asin(sqrt((1 - |x|) / 2))
  const z = (1 - magnitude) * 0.5
  const { root, short, rest } = sqrtParts(z)
  const p = 2 * root * asinRest(z) - (halfPiLow - 2 * rest)
  const q = Math.PI / 4 - 2 * short
  const y = Math.PI / 4 - (p - q)
  return x < 0 ? -y : y
}

/** Arc cosine, 0 to pi. */
export function acos(x: number): number {
  if (!(Math.abs(x) <= 1)) return Number.NaN
  if (Math.abs(x) < 0.5) return halfPiHigh - (x - (halfPiLow - x * asinRest(x * x)))
  if (x < 0) {
    const z = (1 + x) * 0.5
    const root = Math.sqrt(z)
    return Math.PI - 2 * (root + (asinRest(z) * root - halfPiLow))
  }
  const z = (1 - x) * 0.5
  const { root, short, rest } = sqrtParts(z)
  return 2 * (short + (asinRest(z) * root + rest))
}

/** (x - atan x) / x, |x| <= 7/16. */
function atanRest(x: number): number {
  const z = x * x
  const w = z * z
  const even =
    z *
    (0.3333333333333293 +
      w *
        (0.14285714272503466 +
          w *
            (0.09090887133436507 + w * (0.06661073137387531 + w * (0.049768779946159324 + w * 0.016285820115365782)))))
  const odd =
    w *
    (-0.19999999999876483 +
      w * (-0.11111110405462356 + w * (-0.0769187620504483 + w * (-0.058335701337905735 + w * -0.036531572744216916))))
  return even + odd
}

/** base + atan t, for the double-double `high + low` = base. */
function atanFrom(high: number, low: number, t: number): number {
  return high - (t * atanRest(t) - low - t)
}

/** Arc tangent, -pi/2 to pi/2. */
export function atan(x: number): number {
  const magnitude = Math.abs(x)
  if (Number.isNaN(x)) return x
  if (magnitude < 0.4375) return magnitude < 2 ** -27 ? x : x - x * atanRest(x)
  const y = atanOfPositive(magnitude)
  return x < 0 ? -y : y
}

/** x >= 7/16, reduced by the angle addition formula around 1/2, 1, 3/2 and infinity. */
function atanOfPositive(x: number): number {
  if (x < 0.6875) return atanFrom(0.4636476090008061, 2.2698777452961687e-17, (2 * x - 1) / (2 + x))
  if (x < 1.1875) return atanFrom(0.7853981633974483, 3.061616997868383e-17, (x - 1) / (x + 1))
  if (x < 2.4375) return atanFrom(0.982793723247329, 1.3903311031230998e-17, (x - 1.5) / (1 + 1.5 * x))
  return atanFrom(halfPiHigh, halfPiLow, -1 / x)
}

/** The angle of the point (x, y), -pi to pi. */
export function atan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN
  const yNegative = y < 0 || Object.is(y, -0)
  const angle = angleOfMagnitudes(Math.abs(y), x)
  return yNegative ? -angle : angle
}

/** The angle of (x, y) for y >= 0, 0 to pi. */
function angleOfMagnitudes(y: number, x: number): number {
  const xNegative = x < 0 || Object.is(x, -0)
  const fromAxis = angleInFirstQuadrant(y, Math.abs(x))
  return xNegative ? Math.PI - (fromAxis - piLow) : fromAxis
}

function angleInFirstQuadrant(y: number, x: number): number {
  if (y === 0) return 0
  if (y === Infinity && x === Infinity) return Math.PI / 4
  return atan(y / x)
}
