// Reduction, and the layers that draw a few numbers from a blob: ArgMax and StatisticsPooling.
import { describe, expect, test } from 'vitest'
import { expectLayer, fill, type Nested } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

const value = (i: number): number => (((i * 5) % 9) + 1) / 4
const signedValue = (i: number): number => value(i) * (i % 3 === 0 ? -1 : 1)
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

const operations: [operation: number, name: string, f: (values: number[]) => number][] = [
  [0, 'sum', sum],
  [1, 'sum of magnitudes', (values) => sum(values.map(Math.abs))],
  [2, 'sum of squares', (values) => sum(values.map((v) => v * v))],
  [3, 'mean', (values) => sum(values) / values.length],
  [4, 'maximum', (values) => Math.max(...values)],
  [5, 'minimum', (values) => Math.min(...values)],
  [6, 'product', (values) => values.reduce((a, b) => a * b, 1)],
  [7, 'L1 norm', (values) => sum(values.map(Math.abs))],
  [8, 'L2 norm', (values) => Math.hypot(...values)],
  [9, 'log of the sum', (values) => Math.log(sum(values))],
  [10, 'log of the sum of exponentials', (values) => Math.log(sum(values.map(Math.exp)))],
]

/** All non-empty sets of axes of each rank. */
const cases = [[5], [3, 4], [2, 3, 4], [2, 3, 2, 4]].flatMap((shape) =>
  Array.from({ length: 2 ** shape.length - 1 }, (_, bits) => ({
    shape,
    axes: shape.map((_, axis) => axis).filter((axis) => ((bits + 1) >> axis) & 1),
  })),
)

/** What `f` makes of the elements that share their index on the axes that stay. */
function reduced(
  shape: readonly number[],
  axes: readonly number[],
  keepdims: boolean,
  element: (i: number) => number,
  f: (values: number[]) => number,
): Nested {
  const groups = new Map<string, number[]>()
  const count = shape.reduce((product, length) => product * length, 1)
  for (let i = 0; i < count; i++) {
    const index = shape.map((length, axis) => Math.floor(i / shape.slice(axis + 1).reduce((a, b) => a * b, 1)) % length)
    const key = index.filter((_, axis) => !axes.includes(axis)).join()
    groups.set(key, [...(groups.get(key) ?? []), element(i)])
  }
  const results = [...groups.values()].map(f)
  const kept = shape.flatMap((length, axis) => (!axes.includes(axis) ? [length] : keepdims ? [1] : []))
  return fill(kept.length === 0 ? [1] : kept, (i) => results[i])
}

describe.each(cases)('axes $axes of $shape', ({ shape, axes }) => {
  const params = { 1: 0, 3: axes, 5: 1 }

  test('sum, maximum, L2 norm, with and without keepdims', async () => {
    const x = fill(shape, signedValue)
    const norm = (values: number[]): number => Math.hypot(...values)
    const maximum = (values: number[]): number => Math.max(...values)
    await expectLayer('Reduction', params, [x], reduced(shape, axes, false, signedValue, sum))
    await expectLayer('Reduction', { ...params, 4: 1 }, [x], reduced(shape, axes, true, signedValue, sum))
    await expectLayer('Reduction', { ...params, 0: 4 }, [x], reduced(shape, axes, false, signedValue, maximum))
    await expectLayer('Reduction', { ...params, 0: 8 }, [x], reduced(shape, axes, false, signedValue, norm))
  })

  test('axes counted from the end', async () => {
    const negative = { ...params, 3: axes.map((axis) => axis - shape.length) }
    await expectLayer('Reduction', negative, [fill(shape, signedValue)], reduced(shape, axes, false, signedValue, sum))
  })
})

describe.each(operations)('operation %d: %s', (operation, name, f) => {
  const element = name === 'log of the sum' ? value : signedValue
  const scaled = (values: number[]): number => 0.5 * f(values)

  test.each([[[7]], [[2, 3]], [[2, 2, 3]], [[2, 3, 2, 3]]])('all of %j', async (shape) => {
    const all = shape.map((_, axis) => axis)
    const x = fill(shape, element)
    await expectLayer('Reduction', { 0: operation }, [x], reduced(shape, all, false, element, f))
    await expectLayer('Reduction', { 0: operation, 2: 0.5, 4: 1 }, [x], reduced(shape, all, true, element, scaled))
  })

  test('the outermost and the innermost axis', async () => {
    const shape = [2, 3, 5]
    const params = { 0: operation, 1: 0, 2: 0.5, 3: [0, 2], 5: 1 }
    await expectLayer('Reduction', params, [fill(shape, element)], reduced(shape, [0, 2], false, element, scaled))
  })
})

test('Reduction: errors', async () => {
  await expect(runSingle('Reduction', { 0: 11 }, [[1]])).rejects.toThrow('operation must be 0 to 10, found 11')
  await expect(runSingle('Reduction', { 1: 0, 3: [0] }, [[1]])).rejects.toThrow('no fixbug0, 5=1')
  await expect(runSingle('Reduction', { 1: 0 }, [[[1]]])).rejects.toThrow('axes [] are none of the 2 axes of the input')
  await expect(runSingle('Reduction', { 1: 0, 3: [2], 5: 1 }, [[[1]]])).rejects.toThrow(
    'axes [2] are none of the 2 axes of the input. If the network was converted with its batch axis, feed that as well: [1, ...]',
  )
})

describe('ArgMax', () => {
  const x = [
    [3, -1, 8],
    [8, 2, 5],
  ]
  test('positions in the whole blob, largest first; of equals the last first', async () => {
    await expectLayer('ArgMax', {}, [x], [[3]])
    await expectLayer('ArgMax', { 1: 4 }, [x], [[3, 2, 5, 0]])
    await expectLayer('ArgMax', { 1: 2 }, [fill([2, 1, 2, 2], (i) => -Math.abs(i - 5))], [[5, 6]])
  })
  test('with their values', async () => {
    const expected = [
      [8, 8, 5],
      [3, 2, 5],
    ]
    await expectLayer('ArgMax', { 0: 1, 1: 3 }, [x], expected)
  })
  test('NaN comes last', () => expectLayer('ArgMax', { 1: 3 }, [[NaN, 1, 2]], [[2, 1, 0]]))
  test('errors', async () => {
    await expect(runSingle('ArgMax', { 1: 7 }, [x])).rejects.toThrow('topk must be 1 to 6, found 7')
    await expect(runSingle('ArgMax', { 1: 0 }, [x])).rejects.toThrow('topk must be 1 to 6, found 0')
  })
})

describe('StatisticsPooling', () => {
  test.each([[[2, 2, 2]], [[2, 2, 1, 2]]])('means of %j, and standard deviations', async (shape) => {
    const x = fill(shape, (i) => [1, 3, 5, 7, -2, -2, 2, 2][i])
    await expectLayer('StatisticsPooling', {}, [x], [4, 0])
    await expectLayer('StatisticsPooling', { 0: 1 }, [x], [4, 0, Math.sqrt(5), 2])
  })
  test('a blob of two axes is a single channel', () =>
    expectLayer(
      'StatisticsPooling',
      {},
      [
        [
          [1, 2],
          [3, 6],
        ],
      ],
      [3],
    ))
})
