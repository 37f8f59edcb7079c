// Pooling, Pooling1D, Pooling3D: examples by hand, then all against a definition that pads the input for real.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import '../../../../../../src/vitest.ts'
import { runs } from '../../../../../trials.ts'
import { expectLayer, fill } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

const [max, average] = [0, 1]

describe('a row', () => {
  const x = [[1, 5, 2, 4, 3]]
  const y = (params: Record<number, number>, expected: number[]) => expectLayer('Pooling1D', params, [x], [expected])

  test('maximum', () => y({ 0: max, 1: 2, 2: 2, 5: 1 }, [5, 4]))
  test('average', () => y({ 0: average, 1: 2, 2: 1, 5: 1 }, [3, 3.5, 3, 3.5]))
  test('full padding adds a last window, which an average takes from what is inside', async () => {
    await y({ 0: max, 1: 2, 2: 2 }, [5, 4, 3])
    await y({ 0: average, 1: 2, 2: 2 }, [3, 3, 3])
    await y({ 0: average, 1: 2, 2: 2, 6: 1 }, [3, 3, 1.5])
  })
  test('padding never wins a maximum', () =>
    expectLayer('Pooling1D', { 0: max, 1: 3, 3: 1, 5: 1 }, [[[-2, -1]]], [[-1, -1]]))
  test('padding counts in an average when it is told to', async () => {
    await y({ 0: average, 1: 3, 2: 3, 3: 1, 5: 1 }, [3, 3])
    await y({ 0: average, 1: 3, 2: 3, 3: 1, 5: 1, 6: 1 }, [2, 3])
  })
  test('SAME: the odd padding lies behind or before, and counts', async () => {
    await y({ 0: average, 1: 2, 2: 1, 5: 2 }, [3, 3.5, 3, 3.5, 1.5])
    await y({ 0: average, 1: 2, 2: 1, 5: 3 }, [0.5, 3, 3.5, 3, 3.5])
  })
  test('global', () =>
    expectLayer(
      'Pooling1D',
      { 0: average, 4: 1 },
      [
        [
          [1, 2],
          [3, 5],
        ],
      ],
      [1.5, 4],
    ))
  test('adaptive windows overlap', () => y({ 0: max, 7: 1, 8: 3 }, [5, 5, 4]))
})

describe('a plane', () => {
  const x = [
    [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ],
  ]
  test('maximum', () =>
    expectLayer(
      'Pooling',
      { 0: max, 1: 2 },
      [x],
      [
        [
          [5, 6],
          [8, 9],
        ],
      ],
    ))
  test('average of a kernel that is not square', () =>
    expectLayer('Pooling', { 0: average, 1: 3, 11: 2 }, [x], [[[3.5], [6.5]]]))
  test('global', () => expectLayer('Pooling', { 0: average, 4: 1 }, [x], [5]))
  test('adaptive', () =>
    expectLayer(
      'Pooling',
      { 0: average, 7: 1, 8: 2 },
      [x],
      [
        [
          [3, 4],
          [6, 7],
        ],
      ],
    ))
  test('adaptive along one axis', () => expectLayer('Pooling', { 0: max, 7: 1, 8: -233, 18: 1 }, [x], [[[7, 8, 9]]]))
  test('adaptive to the size it has', () => expectLayer('Pooling', { 0: max, 7: 1, 8: 3 }, [x], x))
})

describe('a volume', () => {
  const x = fill([1, 2, 2, 2])
  test('maximum', () => expectLayer('Pooling3D', { 0: max, 1: 2 }, [x], [[[[7]]]]))
  test('average over depths', () =>
    expectLayer(
      'Pooling3D',
      { 0: average, 1: 1, 21: 2 },
      [x],
      [
        [
          [
            [2, 3],
            [4, 5],
          ],
        ],
      ],
    ))
  test('global', () => expectLayer('Pooling3D', { 0: average, 4: 1 }, [x], [3.5]))
  test('adaptive', () =>
    expectLayer(
      'Pooling3D',
      { 0: max, 7: 1, 8: 1, 18: 2, 28: -233 },
      [x],
      [
        [
          [[1], [3]],
          [[5], [7]],
        ],
      ],
    ))
})

describe('against the definition', () => {
  const axis = fc.record({
    length: fc.integer({ min: 1, max: 9 }),
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    before: fc.integer({ min: 0, max: 2 }),
    after: fc.integer({ min: 0, max: 2 }),
  })

  test('sliding windows of a plane', async () => {
    const cases = fc.tuple(axis, axis, fc.constantFrom(max, average), fc.constantFrom(0, 1), fc.constantFrom(0, 1))
    await fc.assert(
      fc.asyncProperty(cases, async ([h, w, type, padMode, countPadding]) => {
        const rows = padded(h, padMode)
        const columns = padded(w, padMode)
        fc.pre(rows.count > 0 && columns.count > 0)
        const value = (i: number, j: number): number => ((i * 7 + j * 3) % 11) - 5
        const image = Array.from({ length: h.length }, (_, i) =>
          Array.from({ length: w.length }, (_, j) => value(i, j)),
        )
        const params = {
          0: type,
          1: w.kernel,
          11: h.kernel,
          2: w.stride,
          12: h.stride,
          3: w.before,
          14: w.after,
          13: h.before,
          15: h.after,
          5: padMode,
          6: countPadding,
        }
        const expected = Array.from({ length: rows.count }, (_, y) =>
          Array.from({ length: columns.count }, (_, x) => {
            const inside: number[] = []
            for (let i = y * h.stride - h.before; i < y * h.stride - h.before + h.kernel; i++) {
              for (let j = x * w.stride - w.before; j < x * w.stride - w.before + w.kernel; j++) {
                if (i >= 0 && i < h.length && j >= 0 && j < w.length) inside.push(value(i, j))
              }
            }
            if (type === max) return Math.max(-3.4028234663852886e38, ...inside)
            return inside.reduce((a, b) => a + b, 0) / (countPadding ? h.kernel * w.kernel : inside.length)
          }),
        )
        for (const precision of ['float32', 'float64'] as const) {
          const y = await runSingle('Pooling', params, [[image]], { precision })
          // NaN is an average over nothing but padding that does not count.
          expect(y).toMatchTensor([expected], { rtol: 0, atol: 5e-6, equalNaN: true })
        }
      }),
      runs(100),
    )
  })

  /** Full padding (0) is extended until every element is in a window. */
  function padded(
    {
      length,
      kernel,
      stride,
      before,
      after,
    }: { length: number; kernel: number; stride: number; before: number; after: number },
    padMode: number,
  ): { count: number } {
    const positions = length + before + after - kernel
    if (positions < 0) return { count: 0 }
    return { count: (padMode === 0 ? Math.ceil(positions / stride) : Math.floor(positions / stride)) + 1 }
  }
})

test.each([
  ['Pooling', { 1: 0 }, 'kernel_w must be at least 1, found 0'],
  ['Pooling', { 1: 2, 2: 0 }, 'stride_w must be at least 1, found 0'],
  ['Pooling', { 1: 2, 3: -1 }, 'a padding must not be negative, found -1 and -1'],
  ['Pooling', { 1: 4, 5: 1 }, 'a kernel of 4 is larger than the padded input, 2'],
  ['Pooling', { 1: 1, 5: 4 }, 'pad_mode must be 0 to 3, found 4'],
  ['Pooling', { 0: 2, 1: 1 }, 'pooling_type must be 0 to 1, found 2'],
  ['Pooling', { 7: 1, 8: 0 }, 'out_w must be at least 1, found 0'],
  ['Pooling1D', { 1: 0 }, 'kernel_w must be at least 1, found 0'],
])('%s refuses %o', async (type, params, message) => {
  await expect(
    runSingle(type, params, [
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ]),
  ).rejects.toThrow(message)
})

test.each([
  ['Pooling', { 0: 1, 1: 3, 3: 2 }, [2, 0, 4]],
  ['Pooling', { 4: 1 }, [2, 0, 4]],
  ['Pooling', { 7: 1, 8: 2 }, [2, 4, 0]],
  ['Pooling1D', { 0: 1, 4: 1 }, [2, 0]],
  ['Pooling3D', { 4: 1 }, [2, 0, 2, 2]],
])('%s %o refuses to pool nothing', async (type, params, shape) => {
  const x = { data: new Float32Array(0), shape, dtype: 'float32' } as const
  await expect(runSingle(type, params, [x])).rejects.toThrow('has no elements')
})
