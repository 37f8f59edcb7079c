// Prints the coefficients that src/kernels/assembly/erfc-table.ts holds, computed in fixed point of 400 bits.
import { fileURLToPath } from 'node:url'

const fraction = 400n
const one = 1n << fraction
const pieces = 65
const degree = 7

const times = (a: bigint, b: bigint) => (a * b) >> fraction
const over = (a: bigint, b: bigint) => (a << fraction) / b
const ratio = (numerator: number, denominator: number) => (BigInt(numerator) << fraction) / BigInt(denominator)

/** Adds up the terms of a series until they are smaller than its last bit. */
function sum(first: bigint, next: (term: bigint, n: bigint) => bigint): bigint {
  let total = 0n
  for (let term = first, n = 1n; term !== 0n && term !== -1n; term = next(term, n++)) total += term
  return total
}

function squareRoot(x: bigint): bigint {
  let root = one
  for (let before = 0n; root !== before; ) [before, root] = [root, (root + over(x, root)) >> 1n]
  return root
}

/** Machin's formula: pi = 16 atan(1/5) - 4 atan(1/239). */
function computePi(): bigint {
  const arctangent = (n: bigint) => {
    let power = one / n
    let total = 0n
    for (let k = 0n; power !== 0n; k++, power /= n * n) total += (k % 2n === 0n ? power : -power) / (2n * k + 1n)
    return total
  }
  return 16n * arctangent(5n) - 4n * arctangent(239n)
}

const pi = computePi()
const twoOverRootPi = over(2n * one, squareRoot(pi))

/** cos x = 1 - x^2/2! + x^4/4! - ... */
const cosine = (x: bigint) => sum(one, (term, n) => -times(times(term, x), x) / ((2n * n - 1n) * (2n * n)))

/** erfc x = 1 - 2/sqrt(pi) (x - x^3/3/1! + x^5/5/2! - ...) */
function complement(x: bigint): bigint {
  const series = sum(x, (term, n) => (-times(times(term, x), x) * (2n * n - 1n)) / (n * (2n * n + 1n)))
  return one - times(twoOverRootPi, series)
}

interface Point {
  readonly x: bigint
  readonly y: bigint
}

/** The polynomial through the points, by Newton's divided differences: its coefficients, the lowest power first. */
function interpolate(points: readonly Point[]): readonly bigint[] {
  const differences = points.map(({ y }) => y)
  for (let order = 1; order < points.length; order++) {
    for (let i = points.length - 1; i >= order; i--) {
      differences[i] = over(differences[i] - differences[i - 1], points[i].x - points[i - order].x)
    }
  }
  let polynomial: bigint[] = []
  for (let i = points.length - 1; i >= 0; i--) {
    const shifted = [0n, ...polynomial]
    polynomial.forEach((value, power) => {
      shifted[power] -= times(value, points[i].x)
    })
    shifted[0] += differences[i]
    polynomial = shifted
  }
  return polynomial
}

/** The nearest double; what only the later half of the fraction holds is rounding: 0. */
function toNumber(x: bigint): number {
  const dropped = fraction / 2n
  return Number((x + (1n << (dropped - 1n))) >> dropped) / 2 ** Number(dropped)
}

/** Those of erfc about `place`/16, at the Chebyshev nodes of the interval of 1/16 about it. */
function coefficientsAt(place: number): readonly number[] {
  const points = Array.from({ length: degree + 1 }, (_, k) => {
    const x = cosine(times(pi, ratio(2 * k + 1, 2 * (degree + 1)))) / 32n
    return { x, y: complement(ratio(place, 16) + x) }
  })
  return interpolate(points).map(toNumber)
}

/** 65 times eight coefficients, the lowest power first. */
export function erfcCoefficients(): readonly number[] {
  return Array.from({ length: pieces }, (_, place) => coefficientsAt(place)).flat()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const numbers = erfcCoefficients().map((value) => (Number.isInteger(value) ? value.toFixed(1) : `${value}`))
  for (let i = 0; i < numbers.length; i += 4) process.stdout.write(`  ${numbers.slice(i, i + 4).join(', ')},\n`)
}
