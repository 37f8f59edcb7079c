// How numbers are written in messages: values to the digit, magnitudes to three figures, tolerances as the user would type them.
import type { DType } from './dtype.ts'
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './half.ts'

/** Rounds a double to the nearest number of a narrower type. */
const rounding: Partial<Record<DType, (value: number) => number>> = {
  float32: Math.fround,
  float16: (value) => float16ToFloat32(float32ToFloat16(value)),
  bfloat16: (value) => bfloat16ToFloat32(float32ToBfloat16(value)),
}

/** The fewest digits that a reader of `dtype` turns back into exactly `value`: 0.1 for the float32 0.10000000149011612. */
export function formatValue(value: number | bigint, dtype: DType): string {
  if (typeof value === 'bigint') return String(value)
  const round = rounding[dtype]
  if (round === undefined || !Number.isFinite(value)) return plain(value)
  for (let digits = 1; digits <= 9; digits++) {
    const shortened = Number(value.toPrecision(digits))
    if (round(shortened) === value) return plain(shortened)
  }
  return plain(value)
}

/** Values that were normalized in float64 have no short form: eight figures show where they part. */
export function formatNormalized(value: number | bigint): string {
  return typeof value === 'bigint' ? String(value) : plain(Number(value.toPrecision(8)))
}

/** An error, a norm or another magnitude, to three figures. */
export function formatMagnitude(value: number): string {
  return plain(Number(value.toPrecision(3)))
}

/** Two different numbers, each to three figures, or to as many as it takes to tell them apart. */
export function formatApart(a: number, b: number): [string, string] {
  let digits = 3
  while (digits < 17 && a !== b && a.toPrecision(digits) === b.toPrecision(digits)) digits++
  return [plain(Number(a.toPrecision(digits))), plain(Number(b.toPrecision(digits)))]
}

/** Four significant digits, without trailing zeros. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)))
}

/** A number as the user would type it, to the last digit: `1e-3`, `0.05`. */
export function formatExact(value: number): string {
  return plain(value)
}

/** The least number of three figures that is not below `value`: a tolerance that passes if `value` passes. */
export function formatAtLeast(value: number): string {
  let text = Number(value.toPrecision(3))
  if (text < value) {
    const [digits = '', exponent = '0'] = value.toExponential(2).split('e')
    text = Number(`${Math.round(Number(digits) * 100) + 1}e${Number(exponent) - 2}`)
  }
  return plain(text)
}

/** How many times something exceeds what is allowed: `41`, `1.03`. */
export function formatFactor(value: number): string {
  if (value >= 100) return formatMagnitude(Math.round(value))
  if (value >= 10) return String(Math.round(value))
  return value < 2 ? String(Number(value.toPrecision(3))) : value.toFixed(1)
}

/** A share, `0.0025` as `0.25%`. Only the whole is 100%. */
export function formatPercent(ratio: number): string {
  const percent = Number((ratio * 100).toPrecision(3))
  return percent === 100 && ratio < 1 ? '>99.9%' : `${percent}%`
}

/** `93 %`; never rounded up to 100. */
export function formatShare(share: number): string {
  return share < 1 && share > 0.99 ? 'over 99 %' : `${Math.round(share * 100)} %`
}

/** Cosine similarity: when it is too near to 1 for its digits to tell, its distance from 1. */
export function formatCosine(cosine: number): string {
  if (cosine >= 1) return '1'
  return cosine > 1 - 1e-7 ? `1 - ${formatMagnitude(1 - cosine)}` : cosine.toFixed(7)
}

/** `2^-11.3`: the size of an error beside that of a rounding. */
export function formatPowerOfTwo(value: number): string {
  return `2^${Math.log2(value).toFixed(1)}`
}

export function formatDecibels(decibels: number): string {
  if (decibels === Number.POSITIVE_INFINITY) return 'infinite'
  return `${decibels.toFixed(1)} dB`
}

/** `1 423 616` */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** A size of memory in the unit that suits it: `512 B`, `40.3 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const units = ['KiB', 'MiB', 'GiB']
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length)
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`
}

/** A size of memory in MiB or GiB, rounded up: what exceeds a limit then looks larger than it. */
export function formatBytesAtLeast(bytes: number): string {
  return bytes >= 2 ** 30
    ? `${(Math.ceil((10 * bytes) / 2 ** 30) / 10).toFixed(1)} GiB`
    : `${Math.ceil(bytes / 2 ** 20)} MiB`
}

/** The shorter of JavaScript's plain and exponential notation. */
function plain(value: number): string {
  const fixed = String(value)
  if (!Number.isFinite(value)) return fixed
  const exponential = value.toExponential().replace('e+', 'e')
  return exponential.length < fixed.length ? exponential : fixed
}

/** `1 element`, `5 elements`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
