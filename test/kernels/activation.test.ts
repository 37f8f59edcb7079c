// Activations against the formulas of ncnn's plain layers, each step rounded to float32.
import { describe, expect, test } from 'vitest'
import { Activation } from '../../src/kernels/ncnn.ts'
import { createArena, randomFloats, ulpError } from './arena.ts'

const arena = createArena()
const { kernels } = arena
const f = Math.fround

const exp = (x: number) => f(Math.exp(x))
const log = (x: number) => f(Math.log(x))
const tanh = (x: number) => f(Math.tanh(x))

/** erfc in float64, for the arguments that the GELU test uses. */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x)
  if (x < 2) {
    let term = x
    let sum = x
    for (let n = 1; n < 100; n++) {
      term *= (2 * x * x) / (2 * n + 1)
      sum += term
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
  }
  let fraction = 0
  for (let k = 300; k >= 1; k--) fraction = k / 2 / (x + fraction)
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction)
}

function hard(x: number, a: number, b: number, above: number): number | undefined {
  const lower = f(-b / a)
  const upper = f(f(1 / a) + lower)
  return x < lower ? 0 : x > upper ? above : undefined
}

function softplus(x: number): number {
  return log(f(exp(x) + 1))
}

function mish(x: number): number {
  return f(x * tanh(x > 20 ? x : x < -20 ? exp(x) : softplus(x)))
}

const a = f(0.3)
const b = f(0.6)

// The bound is for the rounding of an intermediate exp, log, tanh or erfc one ulp the other way, as it reaches the result.
const cases: [string, number, (x: number) => number, number][] = [
  ['none', Activation.none, (x) => x, 0],
  ['relu', Activation.relu, (x) => Math.max(x, 0), 0],
  ['leakyRelu', Activation.leakyRelu, (x) => (x > 0 ? x : f(x * a)), 0],
  ['clip', Activation.clip, (x) => Math.min(Math.max(x, a), b), 0],
  ['sigmoid', Activation.sigmoid, (x) => f(1 / f(1 + exp(-Math.max(Math.min(x, f(88.37626)), f(-88.37626))))), 2],
  ['mish', Activation.mish, mish, 2],
  ['hardSwish', Activation.hardSwish, (x) => hard(x, a, b, x) ?? f(x * f(f(x * a) + b)), 0],
  ['hardSigmoid', Activation.hardSigmoid, (x) => hard(x, a, b, 1) ?? f(f(x * a) + b), 0],
  ['tanh', Activation.tanh, tanh, 1],
  ['gelu', Activation.gelu, (x) => f(f(0.5 * x) * f(erfc(f(-f(Math.SQRT1_2) * x)))), 2],
  [
    'fastGelu',
    Activation.fastGelu,
    (x) => {
      const cubic = f(f(f(f(0.044715) * x) * x) * x)
      return f(f(0.5 * x) * f(1 + tanh(f(f(0.79788452) * f(x + cubic)))))
    },
    2,
  ],
  ['swish', Activation.swish, (x) => f(x / f(1 + exp(-x))), 2],
  ['elu', Activation.elu, (x) => (x < 0 ? f(a * f(exp(x) - 1)) : x), 2],
  ['selu', Activation.selu, (x) => (x < 0 ? f(f(exp(x) - 1) * f(a * b)) : f(x * b)), 2],
  ['celu', Activation.celu, (x) => (x < 0 ? f(f(exp(f(x / a)) - 1) * a) : x), 2],
  ['softplus', Activation.softplus, softplus, 2],
  ['bnll', Activation.bnll, (x) => (x > 0 ? f(x + softplus(-x)) : softplus(x)), 2],
  ['shrink', Activation.shrink, (x) => (x < -b ? f(x + a) : x > b ? f(x - a) : 0), 0],
  ['threshold', Activation.threshold, (x) => (x > a ? 1 : 0), 0],
]

describe.each(cases)('%s', (_, activation, formula, bound) => {
  const samples = Float32Array.from([
    ...randomFloats(400, 1).map((x) => x * 4),
    ...randomFloats(399, 2).map((x) => x * 30),
    0,
    a,
    b,
    20,
    -20,
    100,
    -100,
    Number.POSITIVE_INFINITY,
  ])

  test(`agrees with ncnn's formula within ${bound} ulp`, () => {
    const input = arena.put(samples)
    const output = arena.floats(samples.length)
    kernels.activate({ activation, input, output, n: samples.length, activationA: a, activationB: b })
    const results = arena.read(output, samples.length)
    arena.reset()
    results.forEach((result, i) => {
      const expected = formula(samples[i] ?? 0)
      if (!(ulpError(result, expected) <= bound)) {
        expect.fail(`${samples[i]} gives ${result} instead of ${expected}`)
      }
    })
  })

  test.each([1, 2, 3, 4, 5, 7, 8, 9])('%i elements in place give the same bits', (n) => {
    const part = samples.slice(0, n)
    const input = arena.put(part)
    const output = arena.floats(n)
    kernels.activate({ activation, input, output, n, activationA: a, activationB: b })
    const expected = arena.read(output, n)
    kernels.activate({ activation, input, output: input, n, activationA: a, activationB: b })
    expect(arena.read(input, n)).toEqual(expected)
    arena.reset()
  })
})

test('what stands beside an element changes no bit of it', () => {
  // Of 0.1 millionth and less, erfc's polynomial near 0 and its formula for large arguments round to different floats.
  const small = [-3.735183895514638e-8, 7.470453056157567e-8, -1.1205557370885799e-7]
  const numbers = [...small, -8, -5.7, -5.6, -1, -0.3, 0, 0.4, 2, 5.6, 5.7, 9, Number.NaN, Number.POSITIVE_INFINITY]
  for (const [name, activation] of Object.entries(Activation)) {
    const apart = numbers.map((number) => {
      const pointer = arena.put([number, number, number, number])
      kernels.activate({ activation, input: pointer, output: pointer, n: 4, activationA: a, activationB: b })
      return arena.read(pointer, 4)[0]
    })
    for (const step of [1, 2, 5]) {
      const order = numbers.map((_, i) => (i * step) % numbers.length)
      const pointer = arena.put(order.map((i) => numbers[i]))
      kernels.activate({
        activation,
        input: pointer,
        output: pointer,
        n: numbers.length,
        activationA: a,
        activationB: b,
      })
      expect([...arena.read(pointer, numbers.length)], name).toEqual(order.map((i) => apart[i]))
    }
    arena.reset()
  }
})

test('NaN stays NaN, except where ncnn drops it', () => {
  const drops: number[] = [Activation.relu, Activation.shrink, Activation.threshold]
  for (const activation of Object.values(Activation)) {
    const pointer = arena.put([Number.NaN, 1, Number.NaN])
    kernels.activate({ activation, input: pointer, output: pointer, n: 3, activationA: a, activationB: b })
    const [first, second, third] = arena.read(pointer, 3)
    const expected = drops.includes(activation) ? 0 : Number.NaN
    expect([first, third]).toEqual([expected, expected])
    expect(second).not.toBeNaN()
    arena.reset()
  }
})
