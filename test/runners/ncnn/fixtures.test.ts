// The built-in engine gives what real ncnn gave: models of one layer, for every layer type that a stock build of ncnn has.
import { describe, expect, test } from 'vitest'
import { layerTypes } from '../../../src/runners/ncnn/engines/wasm/layer-types.ts'
import { toFloat64 } from '../../../src/tensor/decode.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'
import { type Fixture, largestDifference, readFixtures, runFixture } from './fixtures.ts'

const { fixtures } = readFixtures()

/** Of the largest element: a few roundings of float32. */
const tolerance = 1e-6

/** Of float32, relative to the largest element. */
const rounding = 2 ** -24

/** Where real ncnn's own steps are coarser than a rounding. */
const coarserSteps: Readonly<Record<string, number>> = {
  // x86 processors round to nearest, ncnn's plain layer cuts: a unit in the last place of a 16-bit type.
  Cast: 2 ** -7,
  // The weights of bicubic interpolation are differences of numbers near 1.
  GridSample: 2e-6,
  Interp: 2e-6,
  // Its sines and cosines are float32.
  InverseSpectrogram: 2e-6,
}

const plainRuns = new Map<Fixture, Promise<Record<string, Tensor>>>()

/** What the engine gives without options, computed once. */
function plainRun(fixture: Fixture): Promise<Record<string, Tensor>> {
  const run = plainRuns.get(fixture) ?? runFixture(fixture)
  plainRuns.set(fixture, run)
  return run
}

test('there are fixtures of all layer types but those that stock builds leave out', () => {
  const missing = [...layerTypes.keys()].filter((type) => !fixtures.some(({ layer }) => layer === type))
  expect(missing.sort(), 'add cases to fixtures/make.py and run it').toEqual(['ArgMax', 'SPP'])
})

describe('float32', () => {
  test.each(fixtures)('$name', async (fixture) => {
    const found = await plainRun(fixture)
    for (const [name, wanted] of Object.entries(fixture.outputs)) {
      expect(found[name].shape, name).toEqual(wanted.shape)
      expect(found[name].dtype, name).toBe(wanted.dtype)
      if (wanted.dtype === 'int8') expect(found[name].data).toEqual(wanted.data)
      else {
        expect(largestDifference(found[name], wanted)).toBeLessThanOrEqual(coarserSteps[fixture.layer] ?? tolerance)
      }
    }
  })
})

describe('float64 as the exact reference', async () => {
  /** Distances of every output of every fixture; casts to 16 bits have no exact result. */
  const distances = await Promise.all(
    fixtures
      .filter(({ layer }) => layer !== 'Cast')
      .map(async (fixture) => {
        const [builtIn, exact] = [await plainRun(fixture), await runFixture(fixture, { precision: 'float64' })]
        const pairs = Object.entries(fixture.outputs).map(([name, real]) => ({
          builtIn: largestDifference(builtIn[name], exact[name]),
          real: largestDifference(real, exact[name]),
          eachOther: largestDifference(builtIn[name], real),
        }))
        return { layer: fixture.layer, pairs }
      }),
  )
  const all = distances.flatMap(({ pairs }) => pairs)
  const worst = (of: 'builtIn' | 'real' | 'eachOther'): number => Math.max(...all.map((distance) => distance[of]))

  test.each(['builtIn', 'real'] as const)(
    '%s float32 is as close to it as the two float32 are to each other at worst, but for a rounding',
    (run) => {
      expect(worst(run)).toBeLessThan(worst('eachOther') + rounding)
    },
  )

  test('no layer of real ncnn strays from it by more than float32 explains', () => {
    for (const { layer, pairs } of distances) {
      for (const { real } of pairs) expect(real, layer).toBeLessThanOrEqual(coarserSteps[layer] ?? tolerance)
    }
  })
})

test('differences are found', () => {
  const [fixture] = fixtures
  const [wanted] = Object.values(fixture.outputs)
  const other = { ...wanted, data: toFloat64(wanted).map((value) => value * (1 + 1e-5)), dtype: 'float64' as const }
  expect(largestDifference(other, wanted)).toBeGreaterThan(tolerance)
})
