// Reduction of an angle by multiples of pi/2, for arguments of any size.
import { powerOfTwo } from './bits.ts'

/** x = quadrant * pi/2 + high + low, modulo 2 pi; |high + low| is at most pi/4. */
export interface ReducedAngle {
  /** 0 to 3. */
  readonly quadrant: number
  readonly high: number
  readonly low: number
}

/** Below this, the multiple of pi/2 has at most 20 bits, so that its products with 33-bit parts of pi/2 are exact. */
const mediumLimit = 2 ** 20

/** pi/2 in two parts of 33 bits and the rest (Sun fdlibm, e_rem_pio2.c). */
const halfPi1 = 1.5707963267341256
const halfPi2 = 6.077100506303966e-11
const halfPi3 = 2.0222662487959506e-21

/** Reduces a finite angle. */
export function reduceAngle(x: number): ReducedAngle {
  if (Math.abs(x) > mediumLimit) return reduceExactly(x)
  const n = Math.round(x * (2 / Math.PI))
  const first = x - n * halfPi1
  const second = first - n * halfPi2
  const lost = first - second - n * halfPi2
  const rest = n * halfPi3 - lost
  const high = second - rest
  // So close to a multiple of pi/2 that the three parts do not tell the rest of it.
  if (Math.abs(high) < Math.abs(x) * 2 ** -30) return reduceExactly(x)
  return { quadrant: n & 3, high, low: second - high - rest }
}

const fractionBits = 1200n
/** 2/pi * 2^1200, rounded down. */
const twoOverPi = BigInt(
  '0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1d' +
    'eb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b' +
    '5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b',
)
/** pi/2 * 2^200, rounded down. */
const halfPi = 0x1921fb54442d18469898cc51701b839a252049c1114cf98e804n
const keptBits = 230n

/** Multiplies by 2/pi in integers: the idea of Payne and Hanek, Radian reduction for trigonometric functions, SIGNUM Newsletter 18 (1983). */
function reduceExactly(x: number): ReducedAngle {
  const { mantissa, exponent } = asIntegers(x)
  const product = mantissa * twoOverPi
  const bits = fractionBits - exponent
  const quadrant = (product + (1n << (bits - 1n))) >> bits
  const fraction = (product - (quadrant << bits)) >> (bits - keptBits)
  const angle = fraction * halfPi
  const high = Number(angle)
  const low = Number(angle - BigInt(high))
  const unit = powerOfTwo(-430)
  return { quadrant: Number(quadrant & 3n), high: high * unit, low: low * unit }
}

/** x = mantissa * 2^exponent, for |x| >= 1. */
function asIntegers(x: number): { readonly mantissa: bigint; readonly exponent: bigint } {
  let mantissa = x
  let exponent = 0n
  while (Math.abs(mantissa) >= 2 ** 53) {
    mantissa *= powerOfTwo(-32)
    exponent += 32n
  }
  while (!Number.isInteger(mantissa)) {
    mantissa *= powerOfTwo(16)
    exponent -= 16n
  }
  return { mantissa: BigInt(mantissa), exponent }
}
