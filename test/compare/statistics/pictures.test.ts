// The scatter and the heat map: every pair is counted, in the right place, and the result stays small.
import { describe, expect, test } from 'vitest'
import { pairUp } from '../../../src/compare/sides/pairs.ts'
import { mapErrors } from '../../../src/compare/statistics/heat-map.ts'
import { binErrors, type LogAxis } from '../../../src/compare/statistics/scatter.ts'
import type { TensorLike } from '../../../src/tensor/tensor.ts'
import { toTensor } from '../../../src/tensor/to-tensor.ts'
import { randomNumbers } from '../../matchers/samples.ts'

const rule = { atol: 0, rtol: 0, equalNaN: false }
const pair = (actual: TensorLike, reference: TensorLike) => pairUp(toTensor(actual), toTensor(reference))

describe('scatter', () => {
  test('counts pairs by the sizes of reference and error', () => {
    const { reference, error, points } = binErrors(pair([1.5, 2, 0.01, 100, 0], [1, 2, 0, 100.5, Number.NaN]), rule)
    expect(reference).toEqual({ first: 0, width: 0.125, bins: 17 })
    expect(error).toEqual({ first: -2, width: 0.125, bins: 14 })
    expect(new Set(points.map(String))).toEqual(
      new Set(
        [
          [0, 13, 1],
          [2, -1, 1],
          [-1, 0, 1],
          [16, 13, 1],
        ].map(String),
      ),
    )
  })

  test('each count lies between the bounds of its bin', () => {
    const references = randomNumbers(5000, 1).map((value) => value ** 5)
    const actuals = references.map((value, i) => value + 1e-3 * value * Math.sin(i))
    const { reference, error, points } = binErrors(pair(actuals, references), rule)
    const holds = (value: number, { first, width }: LogAxis, bin: number) =>
      Math.floor(Math.log10(value) / width) * width === first + bin * width
    for (const [column, row, count] of points) {
      const found = references.filter((r, i) => {
        const d = Math.abs(actuals[i] - r)
        const inRow = d === 0 ? row === -1 : holds(d, error, row)
        return inRow && holds(Math.abs(r), reference, column)
      })
      expect(found).toHaveLength(count)
    }
    expect(points.reduce((sum, [, , count]) => sum + count, 0)).toBe(5000)
  })

  test.each([
    ['from the least to the largest double', [5e-324, 1.7e308], [0, -1.7e308]],
    ['nothing at all', [], []],
    ['nothing but zeros', [0, 0], [0, 0]],
  ])('has at most 64 bins a side: %s', (_, actual, reference) => {
    const scatter = binErrors(pair(actual, reference), rule)
    for (const axis of [scatter.reference, scatter.error]) expect(axis.bins).toBeLessThanOrEqual(64)
    expect(scatter.points.reduce((sum, [, , count]) => sum + count, 0)).toBe(actual.length)
  })
})

describe('heat map', () => {
  test('shows the greatest error over the other axes', () => {
    const shape = [3, 2, 4]
    const actual = new Float32Array(24)
    actual[1 * 8 + 0 * 4 + 2] = 1
    actual[1 * 8 + 1 * 4 + 2] = 3
    actual[2 * 8 + 1 * 4 + 3] = Number.NaN
    const map = mapErrors(pair({ data: actual, shape }, { data: new Float32Array(24), shape }), rule)
    expect(map).toEqual({
      axes: [0, 2],
      rows: 3,
      columns: 4,
      values: [0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 'Infinity'],
    })
  })

  test.each([
    [[], [undefined, undefined], 1, 1],
    [[5], [undefined, 0], 1, 5],
    [[1, 1000], [0, 1], 1, 64],
    [[3, 224, 224], [1, 2], 64, 64],
    [[100, 7, 1], [0, 1], 64, 7],
    [[0, 3], [0, 1], 0, 3],
  ])('of %j: axes %j, %i x %i', (shape, axes, rows, columns) => {
    const tensor = { data: new Float32Array(shape.reduce((product, length) => product * length, 1)), shape }
    const map = mapErrors(pair(tensor, tensor), rule)
    expect(map).toMatchObject({ axes, rows, columns })
    expect(map.values).toHaveLength(rows * columns)
  })

  test('no element is lost in a grid that does not divide the axes', () => {
    const shape = [70, 130]
    const reference = { data: new Float32Array(70 * 130), shape }
    for (const position of [0, 129, 69 * 130, 70 * 130 - 1, 4711]) {
      const actual = { data: new Float32Array(70 * 130), shape }
      actual.data[position] = 1
      const { values } = mapErrors(pair(actual, reference), rule)
      const row = Math.floor((Math.floor(position / 130) * 64) / 70)
      expect(values.indexOf(1)).toBe(row * 64 + Math.floor(((position % 130) * 64) / 130))
    }
  })
})
