import { describe, expect, test } from 'vitest'
import { expectLayer, fill, type Nested } from '../../../expect-layer.ts'
import { rawWeight, runSingle } from '../../../run-layer.ts'

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length
const variance = (values: readonly number[]): number => mean(values.map((v) => (v - mean(values)) ** 2))
const standardized = (values: readonly number[], eps: number): number[] =>
  values.map((v) => (v - mean(values)) / Math.sqrt(variance(values) + eps))
const rmsNormalized = (values: readonly number[], eps: number): number[] =>
  values.map((v) => v / Math.sqrt(mean(values.map((x) => x * x)) + eps))

/** Elements with mean, variance and order that differ from part to part. */
const value = (i: number): number => ((i * 7) % 11) - i / 4
const input = (shape: readonly number[]): Nested => fill(shape, value)

/** Applies `f` to each run of `size` elements. */
function byParts(shape: readonly number[], size: number, f: (part: number[], index: number) => number[]): Nested {
  const count = shape.reduce((product, length) => product * length, 1)
  const parts = Array.from({ length: count / size }, (_, p) =>
    f(
      Array.from({ length: size }, (_, i) => value(p * size + i)),
      p,
    ),
  ).flat()
  return fill(shape, (i) => parts[i])
}

const weightValues = (count: number, first: number): number[] => Array.from({ length: count }, (_, i) => first - i / 2)

/** Shapes with the sizes over which LayerNorm and RMSNorm may go. */
const parts: [shape: number[], size: number][] = [
  [[6], 6],
  [[3, 4], 4],
  [[2, 3, 4], 4],
  [[2, 3, 4], 12],
  [[2, 2, 3, 5], 5],
  [[2, 2, 3, 5], 15],
  [[2, 2, 3, 5], 30],
]

describe.each(parts)('%j over %d elements', (shape, size) => {
  const [gamma, beta] = [weightValues(size, 2), weightValues(size, -1)]

  test('LayerNorm', async () => {
    await expectLayer(
      'LayerNorm',
      { 0: size, 2: 0 },
      [input(shape)],
      byParts(shape, size, (part) => standardized(part, Math.fround(0.001))),
    )
    const affine = byParts(shape, size, (part) => standardized(part, 0.125).map((v, i) => v * gamma[i] + beta[i]))
    const weights = [rawWeight(gamma), rawWeight(beta)]
    await expectLayer('LayerNorm', { 0: size, 1: 0.125 }, [input(shape)], affine, { weights })
  })

  test('RMSNorm', async () => {
    await expectLayer(
      'RMSNorm',
      { 0: size, 2: 0 },
      [input(shape)],
      byParts(shape, size, (part) => rmsNormalized(part, Math.fround(0.001))),
    )
    const affine = byParts(shape, size, (part) => rmsNormalized(part, 0.125).map((v, i) => v * gamma[i]))
    await expectLayer('RMSNorm', { 0: size, 1: 0.125 }, [input(shape)], affine, { weights: [rawWeight(gamma)] })
  })
})

test('without affine weights any other affine_size means all inner axes', async () => {
  const shape = [2, 2, 3]
  await expectLayer(
    'LayerNorm',
    { 1: 0.5, 2: 0 },
    [input(shape)],
    byParts(shape, 6, (part) => standardized(part, 0.5)),
  )
})

const channelShapes: [shape: number[], size: number][] = [
  [[4], 1],
  [[4, 3], 3],
  [[4, 2, 3], 6],
  [[4, 2, 1, 3], 6],
]

describe.each(channelShapes)('four channels of %j', (shape, size) => {
  const [gamma, beta] = [weightValues(4, 2), weightValues(4, -1)]
  const weights = [rawWeight(gamma), rawWeight(beta)]

  test('GroupNorm in groups of two', async () => {
    const params = { 0: 2, 1: 4, 2: 0.125 }
    const plain = byParts(shape, 2 * size, (part) => standardized(part, 0.125))
    await expectLayer('GroupNorm', { ...params, 3: 0 }, [input(shape)], plain)
    const affine = byParts(shape, 2 * size, (part, group) =>
      standardized(part, 0.125).map((v, i) => {
        const channel = 2 * group + Math.floor(i / size)
        return v * gamma[channel] + beta[channel]
      }),
    )
    await expectLayer('GroupNorm', params, [input(shape)], affine, { weights })
  })

  test('InstanceNorm: a blob of one or two axes is a single channel', async () => {
    const channels = shape.length < 3 ? 1 : 4
    const part = (4 * size) / channels
    const plain = byParts(shape, part, (values) => standardized(values, 0.125))
    await expectLayer('InstanceNorm', { 0: 0, 1: 0.125, 2: 0 }, [input(shape)], plain)
    const affine = byParts(shape, part, (values, q) => standardized(values, 0.125).map((v) => v * gamma[q] + beta[q]))
    await expectLayer('InstanceNorm', { 0: channels, 1: 0.125 }, [input(shape)], affine, {
      weights: [rawWeight(gamma.slice(0, channels)), rawWeight(beta.slice(0, channels))],
    })
  })
})

describe('MVN', () => {
  const shape = [2, 3, 2]
  test('of each channel', async () => {
    const centered = byParts(shape, 6, (part) => part.map((v) => v - mean(part)))
    await expectLayer('MVN', {}, [input(shape)], centered)
    const scaled = byParts(shape, 6, (part) => part.map((v) => (v - mean(part)) / (Math.sqrt(variance(part)) + 0.5)))
    await expectLayer('MVN', { 0: 1, 2: 0.5 }, [input(shape)], scaled)
  })

  test('of the whole blob', async () => {
    const scaled = byParts(shape, 12, (part) => part.map((v) => (v - mean(part)) / (Math.sqrt(variance(part)) + 0.5)))
    await expectLayer('MVN', { 0: 1, 1: 1, 2: 0.5 }, [input(shape)], scaled)
    await expectLayer(
      'MVN',
      { 1: 1 },
      [input([2, 1, 3, 2])],
      byParts([2, 1, 3, 2], 12, (part) => part.map((v) => v - mean(part))),
    )
  })

  test('gives at least three axes', () => expectLayer('MVN', {}, [[1, 3]], [[[-1, 1]]]))
})

describe('Normalize', () => {
  /** [2, 1, 2]: channel 0 is (3, 0), channel 1 is (4, 2). */
  const x = [[[3, 0]], [[4, 2]]]
  const run = (params: Record<number, number>, expected: Nested, scale = [1, 1]) =>
    expectLayer('Normalize', { 2: 0, 3: scale.length, ...params }, [x], expected, { weights: [rawWeight(scale)] })

  test('each position over the channels, by default', async () => {
    await run({}, [[[0.6, 0]], [[0.8, 1]]])
    await run({}, [[[1.2, 0]], [[-2.4, -3]]], [2, -3])
    await run({ 1: 1 }, [[[1.2, 0]], [[1.6, 2]]], [2])
  })

  test('each channel', async () => {
    const length = Math.sqrt(20)
    await run({ 0: 1, 4: 0 }, [[[1, 0]], [[4 / length, 2 / length]]])
    await run({ 0: 1, 4: 0, 1: 1 }, [[[2, 0]], [[8 / length, 4 / length]]], [2])
  })

  test('the whole blob', async () => {
    const length = Math.sqrt(29)
    await run({ 0: 1, 4: 1 }, [[[6 / length, 0]], [[12 / length, 6 / length]]], [2, 3])
  })

  test('neither: unchanged', () => run({ 0: 0, 4: 0 }, x, [5, 5]))

  test('eps by eps_mode', async () => {
    const whole = { 0: 1, 4: 1, 1: 1 }
    const scaled = (divisor: number): Nested => [[[3 / divisor, 0]], [[4 / divisor, 2 / divisor]]]
    await run({ ...whole, 2: 7 }, scaled(6), [1])
    await run({ ...whole, 2: 7, 9: 1 }, scaled(7), [1])
    await run({ ...whole, 2: 5, 9: 1 }, scaled(Math.sqrt(29)), [1])
    await run({ ...whole, 2: 36, 9: 2 }, scaled(6), [1])
    await run({ ...whole, 2: 5, 9: 2 }, scaled(Math.sqrt(29)), [1])
  })

  test('four axes', async () => {
    await expectLayer('Normalize', { 2: 0, 3: 1, 1: 1 }, [[[[[3]]], [[[4]]]]], [[[[0.6]]], [[[0.8]]]], {
      weights: [rawWeight([1])],
    })
  })
})

describe('LRN', () => {
  test('across channels', async () => {
    const x = fill([5, 1, 2], (i) => i - 4)
    const expected = fill([5, 1, 2], (i) => {
      const neighbours = [i - 2, i, i + 2].filter((j) => j >= 0 && j < 10).map((j) => (j - 4) ** 2)
      return (i - 4) * (2 + (0.5 / 3) * neighbours.reduce((sum, v) => sum + v)) ** -0.75
    })
    await expectLayer('LRN', { 0: 0, 1: 3, 2: 0.5, 3: 0.75, 4: 2 }, [x], expected)
  })

  test('an even local_size across channels reaches further back than ahead', async () => {
    const x = fill([3, 1, 1], (i) => i + 1)
    const sums = [1, 1 + 4, 4 + 9]
    await expectLayer(
      'LRN',
      { 1: 2, 2: 2, 3: 1 },
      [x],
      fill([3, 1, 1], (i) => (i + 1) / (1 + sums[i])),
    )
  })

  test.each([1, 2, 3, 8])('within a channel, local_size %d', async (local_size) => {
    const before = Math.floor(local_size / 2)
    const at = (q: number, y: number, x: number): number => ((q * 12 + y * 4 + x) % 5) - 1.5
    const expected = fill([2, 3, 4], (i) => {
      const [q, y, x] = [Math.floor(i / 12), Math.floor((i % 12) / 4), i % 4]
      let squares = 0
      for (let v = Math.max(y - before, 0); v < Math.min(y - before + local_size, 3); v++) {
        for (let u = Math.max(x - before, 0); u < Math.min(x - before + local_size, 4); u++) squares += at(q, v, u) ** 2
      }
      return at(q, y, x) * (1 + (0.5 / local_size ** 2) * squares) ** -0.5
    })
    const input = fill([2, 3, 4], (i) => (i % 5) - 1.5)
    await expectLayer('LRN', { 0: 1, 1: local_size, 2: 0.5, 3: 0.5 }, [input], expected)
  })
})

test('errors', async () => {
  const weights = [rawWeight([1, 1, 1]), rawWeight([0, 0, 0])]
  await expect(runSingle('LayerNorm', { 0: 3 }, [input([2, 2, 4])], { weights })).rejects.toThrow(
    'affine_size 3 is not the size of the inner axes, which can be 4 or 8',
  )
  await expect(runSingle('RMSNorm', { 0: 3 }, [input([4])], { weights: weights.slice(0, 1) })).rejects.toThrow(
    'which can be 4',
  )
  await expect(runSingle('GroupNorm', { 0: 2, 1: 3 }, [input([3])], { weights })).rejects.toThrow(
    '3 channels do not make 2 groups',
  )
  await expect(runSingle('GroupNorm', { 0: 0, 1: 3 }, [input([3])], { weights })).rejects.toThrow(
    'group must be at least 1, found 0',
  )
  await expect(runSingle('GroupNorm', { 0: 1, 1: 3 }, [input([4])], { weights })).rejects.toThrow('the input has 4')
  await expect(runSingle('InstanceNorm', { 0: 3 }, [input([2, 1, 1])], { weights })).rejects.toThrow('the input has 2')
  await expect(runSingle('Normalize', { 3: 1 }, [input([2, 1, 1])], { weights: [rawWeight([1])] })).rejects.toThrow(
    '2 channels',
  )
  await expect(runSingle('LRN', { 1: 0 }, [input([2, 1, 1])])).rejects.toThrow('local_size must be at least 1, found 0')
  await expect(runSingle('LRN', { 0: 2 }, [input([2, 1, 1])])).rejects.toThrow('region_type must be 0 to 1')
  await expect(runSingle('LRN', {}, [input([1, 2, 1, 1])])).rejects.toThrow('at most 3 axes')
})
