// Accuracy against the host's Math and against values computed with 50 digits, special values, and the exact bits.
import { describe, expect, test } from 'vitest'
import * as namespace from '../../../../../src/runners/ncnn/engines/wasm/math/index.ts'
import { expectAtMost, expectSame } from '../../../../in-loops.ts'

const math = { ...namespace }

type Unary = (x: number) => number
type UnaryName = Exclude<keyof typeof math, 'pow' | 'atan2'>

/** The same pseudo-random numbers in [0, 1) on every machine (Marsaglia's xorshift32). */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

const uniform = (from: number, to: number, count = 2000): number[] => {
  const random = randomNumbers(1)
  return Array.from({ length: count }, () => from + (to - from) * random())
}
/** Magnitudes from 2^from to 2^to, evenly in the exponent. */
const scaled = (from: number, to: number): number[] =>
  uniform(from, to).map((exponent) => (1 + exponent - Math.floor(exponent)) * 2 ** Math.floor(exponent))
const withSigns = (values: number[]): number[] => values.map((value, index) => (index % 2 ? -value : value))
const nearMultiplesOf = (angle: number): number[] => Array.from({ length: 2000 }, (_, n) => n * angle)

const samples: Record<UnaryName, number[]> = {
  exp: [...uniform(-745, 709.7), ...uniform(-2, 2), ...withSigns(scaled(-60, 2))],
  expm1: [...uniform(-40, 709.7), ...uniform(-2, 2), ...withSigns(scaled(-60, 2))],
  log: [...scaled(-1074, 1023), ...uniform(0.5, 2), ...uniform(0.999, 1.001)],
  log1p: [...scaled(-60, 1023), ...uniform(-0.999, 2), ...withSigns(scaled(-60, -1))],
  log2: [...scaled(-1074, 1023), ...uniform(0.5, 2), ...uniform(0.999, 1.001)],
  log10: [...scaled(-1074, 1023), ...uniform(0.5, 2), ...uniform(0.999, 1.001)],
  sin: [...uniform(-10, 10), ...uniform(-1e6, 1e6), ...withSigns(scaled(20, 1023)), ...nearMultiplesOf(Math.PI / 2)],
  cos: [...uniform(-10, 10), ...uniform(-1e6, 1e6), ...withSigns(scaled(20, 1023)), ...nearMultiplesOf(Math.PI / 2)],
  tan: [...uniform(-10, 10), ...uniform(-1e6, 1e6), ...withSigns(scaled(20, 1023)), ...nearMultiplesOf(Math.PI / 4)],
  asin: [...uniform(-1, 1), ...withSigns(scaled(-40, 0))],
  acos: [...uniform(-1, 1), ...withSigns(scaled(-40, 0)), ...scaled(-40, -1).map((x) => 1 - x)],
  atan: [...uniform(-5, 5), ...withSigns(scaled(-60, 100))],
  sinh: [...uniform(-710, 710), ...uniform(-3, 3), ...withSigns(scaled(-40, 4))],
  cosh: [...uniform(-710, 710), ...uniform(-3, 3), ...withSigns(scaled(-40, 4))],
  tanh: [...uniform(-23, 23), ...uniform(-3, 3), ...withSigns(scaled(-40, 4))],
  asinh: [...uniform(-5, 5), ...withSigns(scaled(-60, 1000))],
  acosh: [...uniform(1, 5), ...uniform(1, 1.01), ...scaled(0, 1000)],
  atanh: [...uniform(-1, 1), ...withSigns(scaled(-60, -1))],
  erf: [...uniform(-6, 6), ...withSigns(scaled(-60, 2))],
  erfc: [...uniform(-6, 26.5), ...withSigns(scaled(-60, 2))],
}

const bits = new DataView(new ArrayBuffer(8))

/** Position of a double among all doubles, so that neighbours differ by 1. */
function ordinal(x: number): bigint {
  bits.setFloat64(0, x)
  const word = bits.getBigInt64(0)
  return word < 0n ? -(word & 0x7fffffffffffffffn) : word
}

function ulpsBetween(a: number, b: number): number {
  if (Object.is(a, b)) return 0
  if (Number.isNaN(a) || Number.isNaN(b)) return Infinity
  const distance = ordinal(a) - ordinal(b)
  return Number(distance < 0n ? -distance : distance)
}

/** FNV-1a over the bytes of doubles, most significant first. */
function hash(values: readonly number[]): string {
  let state = 0x811c9dc5
  for (const value of values) {
    bits.setFloat64(0, value)
    for (let i = 0; i < 8; i++) state = Math.imul(state ^ bits.getUint8(i), 0x01000193)
  }
  return (state >>> 0).toString(16).padStart(8, '0')
}

const pairsForPow: [number, number][] = [
  ...uniform(0.5, 2).map((x, i): [number, number] => [x, i - 1000]),
  ...uniform(0, 10).map((x, i): [number, number] => [x, (i % 60) / 10 - 3]),
  ...scaled(-1000, 1000).map((x, i): [number, number] => [x, (i - 1000) / 2000]),
]
const pairsForAtan2 = withSigns(scaled(-30, 30)).map((y, i): [number, number] => [y, [1, -1, 0.25, -30][i % 4]])

describe('accuracy', () => {
  /** Ours and the host's errors added up: 2 ulp of ours for the hyperbolic functions, 1 for the others, and 1 of the host's. */
  const allowed: Partial<Record<UnaryName, number>> = { sinh: 3, cosh: 3, tanh: 3, asinh: 3, acosh: 3, atanh: 3 }
  const names = (Object.keys(samples) as UnaryName[]).filter((name) => name !== 'erf' && name !== 'erfc')

  test.each(names)('%s agrees with the host', (name) => {
    const host = Math[name as keyof typeof Math] as Unary
    const worst = samples[name]
      .map((x) => ({ x, ours: math[name](x), theirs: host(x), ulps: ulpsBetween(math[name](x), host(x)) }))
      .reduce((a, b) => (b.ulps > a.ulps ? b : a))
    expect(worst.ulps, JSON.stringify(worst)).toBeLessThanOrEqual(allowed[name] ?? 2)
  })

  test('pow agrees with the host', () => {
    expect(pairsForPow.filter(([x, y]) => ulpsBetween(math.pow(x, y), x ** y) > 2)).toEqual([])
  })

  test('atan2 agrees with the host', () => {
    expect(pairsForAtan2.filter(([y, x]) => ulpsBetween(math.atan2(y, x), Math.atan2(y, x)) > 3)).toEqual([])
  })

  // Rounded from 50 digits (mpmath).
  const exactly: [UnaryName, number, number][] = [
    ['erf', 1e-300, 1.1283791670955126e-300],
    ['erf', 1e-8, 1.1283791670955126e-8],
    ['erf', 0.1, 0.1124629160182849],
    ['erf', 0.5, 0.5204998778130465],
    ['erf', 0.8, 0.7421009647076605],
    ['erf', 1.0, 0.8427007929497149],
    ['erf', 1.24, 0.9205051842990297],
    ['erf', 1.26, 0.9252359418101295],
    ['erf', 2.0, 0.9953222650189527],
    ['erf', 2.9, 0.9999589021219005],
    ['erf', 4.0, 0.9999999845827421],
    ['erf', 5.9, 0.9999999999999999],
    ['erf', -0.7, -0.6778011938374184],
    ['erfc', 0.1, 0.887537083981715],
    ['erfc', 0.3, 0.6713732405408726],
    ['erfc', 0.8, 0.2578990352923395],
    ['erfc', 1.0, 0.15729920705028513],
    ['erfc', 1.5, 0.033894853524689274],
    ['erfc', 2.0, 0.004677734981047266],
    ['erfc', 3.0, 2.209049699858544e-5],
    ['erfc', 5.0, 1.537459794428035e-12],
    ['erfc', 10.0, 2.088487583762545e-45],
    ['erfc', 20.0, 5.395865611607901e-176],
    ['erfc', 26.5, 2.2109076642637343e-307],
    ['erfc', -0.5, 1.5204998778130465],
    ['erfc', -1.0, 1.8427007929497148],
    ['erfc', -3.0, 1.9999779095030015],
    ['sin', 3.0, 0.1411200080598672],
    ['sin', 1e22, -0.8522008497671888],
    ['sin', 2 ** 1000, -0.15920170308624243],
    ['sin', 6381956970095103 * 2 ** 797, 1.0],
    ['cos', 3.0, -0.9899924966004454],
    ['cos', 1e22, 0.523214785395139],
    ['cos', 2 ** 1000, 0.9872460775989135],
    ['tan', Math.PI / 2, 1.633123935319537e16],
    ['tan', 1e22, -1.6287782256068988],
    ['exp', 1.0, Math.E],
    ['exp', -0.5, 0.6065306597126334],
    ['log', 3.0, 1.0986122886681098],
    ['tanh', 0.25, 0.24491866240370913],
    ['asinh', 0.5, 0.48121182505960347],
    ['acosh', 1.01, 0.14130376948564863],
    ['atanh', 0.3, 0.3095196042031117],
  ]
  test.each(exactly)('%s(%d) is right to 2 ulp', (name, x, expected) => {
    expect(ulpsBetween(math[name](x), expected)).toBeLessThanOrEqual(2)
  })

  test('erf and erfc add up to 1', () => {
    for (const x of uniform(-3, 3)) expectAtMost(Math.abs(math.erf(x) + math.erfc(x) - 1), 2 ** -52)
  })

  test('powers and logarithms of integers are exact', () => {
    for (let n = 0; n <= 22; n++) {
      expect(math.pow(10, n)).toBe(Number(`1e${n}`))
      expect(math.log10(Number(`1e${n}`))).toBe(n)
    }
    for (let n = -1074; n <= 1023; n++) {
      expectSame(math.pow(2, n), 2 ** n)
      expectSame(math.log2(2 ** n), n)
    }
    for (let n = 1; n <= 33; n++) expect(math.pow(3, n)).toBe(Number(3n ** BigInt(n)))
    expect(math.pow(-3, 3)).toBe(-27)
    expect(math.pow(-2, -2)).toBe(0.25)
  })
})

describe('special values', () => {
  const special = [Number.NaN, 0, -0, 1, -1, Infinity, -Infinity, Number.MIN_VALUE, -Number.MIN_VALUE, Number.MAX_VALUE]
  const names = (Object.keys(samples) as UnaryName[]).filter((name) => name !== 'erf' && name !== 'erfc')

  test.each(names)('%s of NaN, zeros, ones, infinities, limits', (name) => {
    for (const x of special) {
      const theirs = (Math[name as keyof typeof Math] as Unary)(x)
      expectAtMost(ulpsBetween(math[name](x), theirs), 1, `${name}(${Object.is(x, -0) ? '-0' : x})`)
    }
  })

  test('erf and erfc of NaN, zeros, ones, infinities, limits', () => {
    expect(math.erf(Number.NaN)).toBeNaN()
    expect([0, -0, Infinity, -Infinity, Number.MAX_VALUE, 6, -6].map(math.erf)).toEqual([0, -0, 1, -1, 1, 1, -1])
    expect([0, -0, Infinity, -Infinity, Number.MAX_VALUE, 28, -6].map(math.erfc)).toEqual([1, 1, 0, 2, 0, 0, 2])
    expect(math.erfc(Number.NaN)).toBeNaN()
  })

  test('exp overflows and underflows where doubles end', () => {
    expect(math.exp(709.782712893384)).toBe(1.7976931348622732e308)
    expect(math.exp(709.7827128933841)).toBe(Infinity)
    expect(math.exp(-745.1332191019411)).toBe(5e-324)
    expect(math.exp(-745.1332191019412)).toBe(0)
  })

  const bases = [...special, 0.5, -0.5, 2, -2, 3]
  const exponents = [...special, 0.5, 2, 3, -2, -3, 2 ** 53, 2 ** 53 - 1, 1e300, -1e300, 1e-300]
  test('pow has the special cases of IEEE 754', () => {
    for (const x of bases) {
      for (const y of exponents) {
        // JavaScript alone makes these NaN.
        const isOne = x === 1 || (x === -1 && Math.abs(y) === Infinity)
        const expected = isOne ? 1 : x ** y
        expectAtMost(ulpsBetween(math.pow(x, y), expected), 1, `${x} ** ${y}`)
      }
    }
  })

  test('atan2 has the special cases of IEEE 754', () => {
    for (const y of special) {
      for (const x of special) {
        expectAtMost(ulpsBetween(math.atan2(y, x), Math.atan2(y, x)), 1, `atan2(${y}, ${x})`)
      }
    }
  })
})

describe('determinism', () => {
  test.each([
    ['exp', '46451a0b'],
    ['expm1', 'ad4df85b'],
    ['log', 'dcb63bbb'],
    ['log1p', '5f27a3b7'],
    ['log2', 'a3c48c5d'],
    ['log10', '2071a0bd'],
    ['sin', '0044ae9a'],
    ['cos', '19baa857'],
    ['tan', '4e74f737'],
    ['asin', 'f5ea2aaf'],
    ['acos', 'a70b496d'],
    ['atan', 'fbc1c7a3'],
    ['sinh', 'ffe01e19'],
    ['cosh', '473db334'],
    ['tanh', 'ee9c1ab1'],
    ['asinh', 'aba84fcc'],
    ['acosh', '36cbbb05'],
    ['atanh', '4bb48dcc'],
    ['erf', '6f278d5a'],
    ['erfc', 'dfb69de3'],
  ] as [UnaryName, string][])('the bits of %s', (name, expected) => {
    expect(hash(samples[name].map(math[name]))).toBe(expected)
  })

  test('the bits of pow and atan2', () => {
    expect(hash(pairsForPow.map(([x, y]) => math.pow(x, y)))).toBe('c477a2f3')
    expect(hash(pairsForAtan2.map(([y, x]) => math.atan2(y, x)))).toBe('bae6d303')
  })
})
