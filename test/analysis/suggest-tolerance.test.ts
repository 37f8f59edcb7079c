import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareTensors } from '../../src/index.ts'
import { suggestTolerance } from '../../src/model-analysis.ts'
import type { Model } from '../../src/runners/model.ts'
import { image, loadSmallNetwork } from './small-network.ts'

let model: Model
let exact: Model
beforeAll(async () => {
  model = await loadSmallNetwork({ ncnn: { useBf16Storage: true } })
  exact = await loadSmallNetwork({ precision: 'float64' })
})
afterAll(() => {
  model.close()
  exact.close()
})

const images = (count: number, first = 1) => Array.from({ length: count }, (_, i) => ({ in: image(first + i) }))

/** A model that returns its input, and one that returns it with errors of the given sizes, input by input. */
function erring(errors: readonly number[], value = 1): { model: Model; reference: Model; inputs: object[] } {
  const make = (compute: (x: Float32Array) => Float32Array): Model => ({
    runtime: { name: 'test' },
    inputs: [{ name: 'in' }],
    outputs: [{ name: 'out' }],
    blobs: ['in', 'out'],
    layers: [],
    run: async ({ in: given }) => {
      const { data, shape } = given as { data: Float32Array; shape: number[] }
      return { out: { data: compute(data), shape, dtype: 'float32' } }
    },
    close: () => undefined,
    [Symbol.dispose]: () => undefined,
  })
  return {
    model: make((x) => x.map((v, i) => (i === 0 ? v + errors[x[1]] : v))),
    reference: make((x) => x),
    inputs: errors.map((_, i) => ({
      in: { data: Float32Array.from({ length: 4 }, (__, k) => (k === 1 ? i : value)), shape: [4], dtype: 'float32' },
    })),
  }
}

const suggest = ({ model: own, reference, inputs }: ReturnType<typeof erring>) =>
  suggestTolerance(own, reference, inputs as { in: number[] }[])

describe('the tolerance', () => {
  test('holds over the inputs, and has a margin for the next', async () => {
    const inputs = images(12)
    const { outputs, ...rest } = await suggestTolerance(model, exact, inputs)
    expect(rest).toEqual({ inputs: 12, exceedsSeen: 1 / 13, exceedsSuggested: expect.closeTo(0.01) })
    const [{ name, reference, atol, normalized }] = outputs
    expect([name, reference]).toEqual(['out', 'out'])
    expect(atol.margin).toBeGreaterThan(1)
    expect(atol.tolerance).toBeGreaterThanOrEqual(atol.seen * atol.margin)
    expect(atol.tolerance).toBeLessThan(atol.seen * atol.margin * 1.1)
    let largest = 0
    for (const given of inputs) {
      const [own, target] = [(await model.run(given)).out, (await exact.run(given)).out]
      expect(compareTensors(own, target, { atol: atol.seen }).pass).toBe(true)
      expect(compareTensors(own, target, { atol: normalized?.seen, normalize: 'l2' }).pass).toBe(true)
      largest = Math.max(largest, compareTensors(own, target, { atol: 1 }).absDiff.max)
    }
    expect(atol.seen).toBe(largest)
  })

  test('is exceeded by no more of 100 other inputs than it says', async () => {
    const { outputs } = await suggestTolerance(model, exact, images(20))
    let beyond = 0
    for (const given of images(100, 1000)) {
      const [own, target] = [(await model.run(given)).out, (await exact.run(given)).out]
      if (!compareTensors(own, target, { atol: outputs[0].atol.tolerance }).pass) beyond++
    }
    expect(beyond).toBeLessThanOrEqual(3)
  })

  test('has a wider margin the more the inputs differ, and a narrower one the more there are', async () => {
    const marginOf = async (errors: number[]) => (await suggest(erring(errors))).outputs[0].atol.margin
    const alike = await marginOf([0.25, 0.26, 0.24])
    const unlike = await marginOf([0.25, 0.125, 0.5])
    const many = await marginOf(Array.from({ length: 30 }, (_, i) => [0.25, 0.125, 0.5][i % 3]))
    expect(alike).toBeGreaterThan(1)
    expect(unlike).toBeGreaterThan(3 * alike)
    expect(many).toBeLessThan(unlike / 3)
  })

  test('is what the prediction bound of log-normal errors says', async () => {
    const { outputs } = await suggest(erring([0.25, 0.5, 1]))
    // mean and deviation of the logarithms are log 0.5 and log 2, and t(0.99, 2) is 6.9646
    const bound = 0.5 * 2 ** (6.9646 * Math.sqrt(4 / 3))
    expect(outputs[0].atol.margin / bound).toBeCloseTo(1, 3)
  })

  test('of equal models is 0, and needs no margin', async () => {
    const { outputs } = await suggestTolerance(exact, exact, images(3))
    expect(outputs[0]).toMatchObject({
      atol: { seen: 0, margin: 1, tolerance: 0 },
      rtol: { tolerance: 0 },
      topK: [
        { k: 1, share: 1 },
        { k: 5, share: 1 },
      ],
    })
    expect(outputs[0].cosine).toBeCloseTo(1, 12)
  })

  test('has an rtol as well', async () => {
    const { outputs } = await suggest(erring([0.5, 0.52, 0.48], 2))
    expect(outputs[0].rtol?.seen).toBeCloseTo(0.26)
    expect(outputs[0].rtol?.margin).toBeCloseTo(outputs[0].atol.margin)
  })

  test('has no rtol where the reference is zero and the model is not', async () => {
    const { outputs } = await suggest(erring([0.25, 0.5, 0.25], 0))
    expect(outputs[0]).not.toHaveProperty('rtol')
    expect(outputs[0]).not.toHaveProperty('normalized')
  })
})

describe('in words', () => {
  test('says what to write, what it rests on, and what it means', async () => {
    const text = String(await suggestTolerance(model, exact, images(7)))
    expect(text).toMatch(/^Tolerances that hold over 7 inputs\n/)
    expect(text).toMatch(/exceeds the largest error seen with a probability of 1\/8 \(12\.5%\)/)
    expect(text).toMatch(/about one input in 100 exceeds the tolerance/)
    expect(text).toMatch(
      /out: cosine at least 0\.99\d+; the same highest element on 100% of the inputs; the same 5 highest/,
    )
    expect(text).toMatch(/out +\{ atol: [\d.e-]+ \} +[\d.e-]+ +[\d.]+\n/)
    expect(text).toMatch(/out +\{ atol: [\d.e-]+, normalize: 'l2' \}/)
  })

  test.each([1, 2])('warns of %d inputs, and gives no margin', async (count) => {
    const suggestion = await suggestTolerance(model, exact, images(count))
    expect(suggestion.exceedsSuggested).toBeUndefined()
    expect(suggestion.outputs[0].atol.margin).toBe(1)
    expect(String(suggestion)).toMatch(/cannot tell how much inputs differ: there is no margin in these tolerances/)
  })
})

describe('refuses', () => {
  test('no inputs, and inputs without a counterpart', async () => {
    await expect(suggestTolerance(model, exact, [])).rejects.toThrow('inputs: expected a list')
    await expect(suggestTolerance(model, exact, images(2), { referenceInputs: images(1) })).rejects.toThrow(
      'inputs has 2 records and referenceInputs 1',
    )
  })

  test('an output that is not finite on one side', async () => {
    await expect(suggest(erring([0.25, Number.POSITIVE_INFINITY, 0]))).rejects.toThrow(
      'output "out" is not finite where the reference\'s "out" is, or the other way round (input 2)',
    )
  })
})
