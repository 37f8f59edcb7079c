// Every cause: named where it can be seen, not named when noise hides it, and nothing false anywhere.
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../../src/compare/compare-tensors.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'
import { trials } from '../../trials.ts'
import { type Cause, causes, type Pair } from './causes.ts'
import { float32, normal, randomFrom, scenes, type TestScene } from './scenes.ts'

const small = scenes(1, 0.25)

/** Hints that tell a size or a tendency, and no cause. */
const sizes = new Set(['rounding-size', 'leaning'])

const scenesOf = ({ kinds }: Cause): TestScene[] => small.filter(({ kind }) => kinds.includes(kind))

function pairsOf(cause: Cause, most = small.length): { readonly scene: string; readonly pair: Pair }[] {
  const found: { scene: string; pair: Pair }[] = []
  for (const scene of scenesOf(cause)) {
    const pair = found.length < most ? cause.apply(scene, randomFrom(7)) : undefined
    if (pair !== undefined) found.push({ scene: scene.name, pair })
  }
  return found
}

const hintsOf = ({ actual, reference }: Pair) => compareTensors(actual, reference).hints

const numberAt = ({ data }: Tensor, i: number) => Number(data[i])

/** The pair with noise of half the size of its error; NaN and infinities scattered over the tensor. */
function hidden({ actual, reference }: Pair): Pair {
  const random = randomFrom(3)
  const { absDiff, total, actual: found } = compareTensors(actual, reference)
  const { nan, posInf, negInf } = found.nonFinite
  const share = (nan + posInf + negInf) / total
  const noisy = (i: number) => {
    const value = share > 0 ? numberAt(reference, i) : numberAt(actual, i)
    return value + 0.5 * (Number.isNaN(absDiff.rmse) ? 1 : absDiff.rmse) * normal(random)
  }
  return {
    actual: float32(actual.shape, (i) => (random() < Math.min(share, 0.5) ? Number.NaN : noisy(i))),
    reference,
  }
}

describe.each(causes.filter(({ named }) => named !== undefined))('$name', (cause) => {
  const named = cause.named ?? /^$/

  test('is named', () => {
    for (const { scene, pair } of pairsOf(cause)) expect.soft(hintsOf(pair)[0]?.message, scene).toMatch(named)
  })

  test('is not named in noise', () => {
    for (const { scene, pair } of pairsOf(cause, trials(2))) {
      expect.soft(hintsOf(hidden(pair))[0]?.message ?? '', scene).not.toMatch(named)
    }
  })
})

describe.each(causes.filter(({ named }) => named === undefined))('$name', (cause) => {
  test('is given no cause', () => {
    for (const { scene, pair } of pairsOf(cause)) {
      const causesGiven = hintsOf(pair).filter(({ code }) => !sizes.has(code))
      expect.soft(causesGiven, scene).toEqual([])
    }
  })
})

test('of values that are mostly zero, noise that spares the others by chance is no threshold', () => {
  const reference = float32([24], (i) => (i === 5 ? 0.9 : i === 17 ? -0.75 : 0))
  const noise = (i: number) =>
    (i % 2 === 0 ? 1 : -1) * (numberAt(reference, i) === 0 ? 0.002 + 0.001 * (i % 3) : 0.0005)
  const actual = float32([24], (i) => numberAt(reference, i) + noise(i))
  expect(hintsOf({ actual, reference }).filter(({ code }) => !sizes.has(code))).toEqual([])
})

test('noise of any size and distribution is given no cause', () => {
  const random = randomFrom(11)
  const distributions = [
    () => normal(random),
    () => random() - 0.5,
    () => Math.tan(Math.PI * (random() - 0.5)),
    () => Math.exp(2 * normal(random)),
    () => (random() < 0.1 ? normal(random) : 0),
    () => Math.sign(random() - 0.5),
    () => Math.round(20 * random()),
    () => Math.max(0, normal(random)),
  ]
  const shapes = [[9], [12], [24], [4, 4], [3, 8, 8], [64], [2, 3, 4, 5], [10, 16], [300]]
  let falsely: string[] = []
  // Each noise on each kind of values in each shape, once.
  for (let k = 0; k < trials(8 * 8 * shapes.length); k++) {
    const [noise, values] = [distributions[k % 8], distributions[Math.floor(k / 8) % 8]]
    const shape = shapes[k % shapes.length] ?? [1]
    const size = 10 ** (-7 + 9 * random())
    const reference = float32(shape, () => values?.() ?? 0)
    const relative = random() < 0.5
    // a reference of zeros only is another matter
    if (new Set(reference.data as Float32Array).size < 2) continue
    const actual = float32(shape, (i) => {
      const value = numberAt(reference, i)
      return value + size * (relative ? value : 1) * (noise?.() ?? 0)
    })
    const found = hintsOf({ actual, reference }).filter(({ code }) => !sizes.has(code))
    falsely = [...falsely, ...found.map(({ message }) => `${shape}, noise ${k % 8} of ${size}: ${message}`)]
  }
  expect(falsely.slice(0, 5)).toEqual([])
})
