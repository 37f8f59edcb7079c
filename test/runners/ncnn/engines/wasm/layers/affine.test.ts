import { describe, expect, test } from 'vitest'
import { expectLayer, fill } from '../../../expect-layer.ts'
import { rawWeight, runLayer, runSingle } from '../../../run-layer.ts'

/** Shapes of every rank with two channels, and how many elements a channel has. */
const shapes = [
  [[2], 1],
  [[2, 3], 3],
  [[2, 1, 3], 3],
  [[2, 3, 1, 5], 15],
] as const

describe.each(shapes)('two channels of %j', (shape, size) => {
  const x = fill(shape, (i) => i - 2)
  const perChannel = (f: (value: number, channel: number) => number) =>
    fill(shape, (i) => f(i - 2, Math.floor(i / size)))

  test('BatchNorm: (x - mean) / sqrt(var + eps) * slope + bias', async () => {
    const [slope, mean, variance, bias] = [
      [2, -1],
      [0.5, 1],
      [3.75, 0],
      [1, 0.25],
    ]
    const weights = [slope, mean, variance, bias].map(rawWeight)
    const expected = perChannel((v, q) => ((v - mean[q]) / Math.sqrt(variance[q] + 0.25)) * slope[q] + bias[q])
    await expectLayer('BatchNorm', { 0: 2, 1: 0.25 }, [x], expected, { weights })
  })

  test('Scale', async () => {
    const weights = [rawWeight([2, -0.5])]
    await expectLayer(
      'Scale',
      { 0: 2 },
      [x],
      perChannel((v, q) => v * [2, -0.5][q]),
      { weights },
    )
    await expectLayer(
      'Scale',
      { 0: 2, 1: 1 },
      [x],
      perChannel((v, q) => v * [2, -0.5][q] + [10, 20][q]),
      {
        weights: [...weights, rawWeight([10, 20])],
      },
    )
    await expectLayer(
      'Scale',
      { 0: -233 },
      [x, [2, -0.5]],
      perChannel((v, q) => v * [2, -0.5][q]),
    )
  })

  test('PReLU with a slope for each channel, and with one for all', async () => {
    const slopes = [0.5, -2]
    const expected = perChannel((v, q) => (v < 0 ? v * slopes[q] : v))
    await expectLayer('PReLU', { 0: 2 }, [x], expected, { weights: [rawWeight(slopes)] })
    const shared = perChannel((v) => (v < 0 ? v * 0.25 : v))
    await expectLayer('PReLU', { 0: 1 }, [x], shared, { weights: [rawWeight([0.25])] })
  })

  test('Bias: a blob of one or two axes is a single channel', async () => {
    const expected = perChannel((v, q) => v + (shape.length < 3 ? 10 : [10, 20][q]))
    await expectLayer('Bias', { 0: 2 }, [x], expected, { weights: [rawWeight([10, 20])] })
  })
})

test('a variance of 0 without eps is divided by 0.0001, as in ncnn', async () => {
  const weights = [[1], [1], [0], [0]].map(rawWeight)
  await expectLayer('BatchNorm', { 0: 1 }, [[[1, 1.5]]], [[0, 5000]], { weights })
})

test('Scale hands its second input on as a second output', async () => {
  const [y, scale] = await runLayer(
    'Scale',
    { 0: -233 },
    [
      [1, 2],
      [3, 4],
    ],
    { outputs: 2 },
  )
  expect([...y.data]).toEqual([3, 8])
  expect([...scale.data]).toEqual([3, 4])
})

test('errors', async () => {
  const one = [rawWeight([1])]
  await expect(
    runSingle('BatchNorm', { 0: 1 }, [[[1], [2]]], { weights: [...one, ...one, ...one, ...one] }),
  ).rejects.toThrow('channels is for 1 channels, the input has 2')
  await expect(runSingle('Scale', { 0: 1 }, [[1, 2]], { weights: one })).rejects.toThrow('the input has 2')
  await expect(runSingle('Scale', { 0: -233 }, [[1, 2]])).rejects.toThrow('from a second input')
  await expect(runSingle('Scale', { 0: -233, 1: 1 }, [[1], [1]])).rejects.toThrow('without bias_term')
  await expect(runSingle('Bias', { 0: 1 }, [fill([2, 1, 1])], { weights: one })).rejects.toThrow('2 channels')
  await expect(runSingle('PReLU', {}, [[1]])).rejects.toThrow(
    'weight slope_data of layer "layer" (PReLU, line 4) would have 0 elements',
  )
  await expect(runSingle('PReLU', { 0: 3 }, [[1]], { weights: [rawWeight([1, 2, 3])] })).rejects.toThrow('3 channels')
  await expect(runSingle('BatchNorm', { 0: -1 }, [[1]])).rejects.toThrow('would have -1 elements')
})
