// useWinogradConvolution: another algorithm for 3x3 convolutions, off by default, forbidden by bit 6 of a layer's feature mask.
import { expect, test } from 'vitest'
import { rawWeight, runSingle, taggedWeight } from '../../../run-layer.ts'
import { noise } from './convolution-by-definition.ts'

const [channels, outputs] = [12, 10]
const weights = [
  taggedWeight(Float32Array.from(noise(outputs * channels * 9, 1))),
  rawWeight(Float32Array.from(noise(outputs, 2))),
]
const input = {
  data: Float32Array.from(noise(channels * 18 * 21, 3)),
  shape: [channels, 18, 21],
  dtype: 'float32',
} as const
const params = { 0: outputs, 1: 3, 4: 1, 5: 1, 6: outputs * channels * 9 }
const winograd = { ncnn: { useWinogradConvolution: true } }

const run = async (more: Readonly<Record<number, number>> = {}, options = {}): Promise<number[]> => {
  const { data } = await runSingle('Convolution', { ...params, ...more }, [input], { weights, ...options })
  return Array.from(data, Number)
}

const largestDifference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i])))

test('gives nearly the same numbers, by other sums', async () => {
  const [direct, fast, exact] = [await run(), await run({}, winograd), await run({}, { precision: 'float64' })]
  const largest = Math.max(...exact.map(Math.abs))
  expect(fast).not.toEqual(direct)
  expect(largestDifference(fast, exact) / largest).toBeLessThan(1e-5)
  expect(largestDifference(direct, exact) / largest).toBeLessThan(2e-6)
})

test('the fused activation follows', async () => {
  const fast = await run({}, winograd)
  expect(await run({ 9: 1 }, winograd)).toEqual(fast.map((value) => Math.max(value, 0)))
})

test('bit 6 of the feature mask keeps a layer on the direct path', async () => {
  expect(await run({ 31: 64 }, winograd)).toEqual(await run())
})

test.each([
  ['a stride of 2', { 3: 2 }],
  ['a dilation of 2', { 2: 2 }],
])('%s takes the direct path', async (_, more) => {
  expect(await run(more, winograd)).toEqual(await run(more))
})

test('float64 stays exact', async () => {
  const options = { precision: 'float64' }
  expect(await run({}, { ...winograd, ...options })).toEqual(await run({}, options))
})

test('the tiles can be chosen, as in ncnn', async () => {
  const withTiles = (options: object) => run({}, { ncnn: { useWinogradConvolution: true, ...options } })
  const [best, small] = [await run({}, winograd), await withTiles({ useWinograd43Convolution: false })]
  expect(small).not.toEqual(best)
  expect(small).not.toEqual(await run())
  expect(await withTiles({ useWinograd23Convolution: false })).toEqual(best)
  expect(await withTiles({ useWinograd23Convolution: false, useWinograd43Convolution: false })).toEqual(await run())
})
