import { describe, expect, test } from 'vitest'
import { rawWeight, runLayer, taggedWeight } from '../../../run-layer.ts'

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const values = (tensor: { data: ArrayLike<number | bigint> }): number[] => Array.from(tensor.data, Number)

/** A hidden state of one element, so that each step is a formula of numbers. */
const x = [[0.5], [-1], [2]]

function lstmByHand(inputs: number[], wx: number[], wh: number[], b: number[]): { h: number[]; c: number } {
  let [h, c] = [0, 0]
  const all = inputs.map((value) => {
    const [i, f, o, g] = wx.map((w, gate) => w * value + wh[gate] * h + b[gate])
    c = sigmoid(f) * c + sigmoid(i) * Math.tanh(g)
    h = sigmoid(o) * Math.tanh(c)
    return h
  })
  return { h: all, c }
}

describe.each([
  ['float32', 6],
  ['float64', 13],
] as const)('in %s', (precision, digits) => {
  const wx = [0.1, -0.2, 0.3, 0.4]
  const wh = [0.5, 0.6, -0.7, 0.8]
  const b = [0.01, 0.02, 0.03, 0.04]
  const rounded = (list: number[]): number[] =>
    precision === 'float32' ? list.map(Math.fround) : list.map(Math.fround)
  const byHand = (inputs: number[]) => lstmByHand(inputs, rounded(wx), rounded(wh), rounded(b))
  const close = (actual: number[], expected: number[]): void => {
    expect(actual).toHaveLength(expected.length)
    for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, digits)
  }

  test('LSTM forward, with its final states', async () => {
    const weights = [taggedWeight(wx), taggedWeight(b), taggedWeight(wh)]
    const [y, h, c] = await runLayer('LSTM', { 0: 1, 1: 4 }, [x], { weights, outputs: 3, precision })
    const expected = byHand([0.5, -1, 2])
    expect([y.shape, h.shape, c.shape]).toEqual([
      [3, 1],
      [1, 1],
      [1, 1],
    ])
    close(values(y), expected.h)
    close([...values(h), ...values(c)], [expected.h[2], expected.c])
  })

  test('LSTM in both directions puts them side by side', async () => {
    const twice = (list: number[]) => taggedWeight([...list, ...list])
    const [y] = await runLayer('LSTM', { 0: 1, 1: 8, 2: 2 }, [x], {
      weights: [twice(wx), twice(b), twice(wh)],
      precision,
    })
    const forward = byHand([0.5, -1, 2]).h
    const backward = byHand([2, -1, 0.5]).h.reverse()
    expect(y.shape).toEqual([3, 2])
    close(
      values(y),
      forward.flatMap((value, t) => [value, backward[t]]),
    )
  })

  test('LSTM goes on from states that are fed', async () => {
    const weights = [taggedWeight(wx), taggedWeight(b), taggedWeight(wh)]
    const options = { weights, outputs: 3, precision }
    const [all] = await runLayer('LSTM', { 0: 1, 1: 4 }, [x], options)
    const [, h, c] = await runLayer('LSTM', { 0: 1, 1: 4 }, [x.slice(0, 2)], options)
    const [last] = await runLayer('LSTM', { 0: 1, 1: 4 }, [x.slice(2), h, c], options)
    close(values(last), [values(all)[2]])
  })

  test('LSTM projects a hidden size that differs from its outputs', async () => {
    const weights = [
      taggedWeight([...wx, ...wx]),
      taggedWeight(new Array(8).fill(0)),
      taggedWeight(new Array(8).fill(0)),
      taggedWeight([2, -3]),
    ]
    const [y] = await runLayer('LSTM', { 0: 1, 1: 8, 3: 2 }, [[[1]]], { weights, precision })
    const unit = (gates: number[]) => sigmoid(gates[2]) * Math.tanh(sigmoid(gates[0]) * Math.tanh(gates[3]))
    // The rows of the gates I, F, O, G for two units: I = (wx0, wx1), F = (wx2, wx3), O = (wx0, wx1), G = (wx2, wx3).
    const [w0, w1, w2, w3] = rounded(wx)
    close(values(y), [2 * unit([w0, w2, w0, w2]) - 3 * unit([w1, w3, w1, w3])])
  })

  test('GRU forward', async () => {
    const [wr, wu, wn] = rounded([0.3, -0.4, 0.5])
    const [hr, hu, hn] = rounded([0.6, 0.7, -0.8])
    const [br, bu, bwn, bbn] = rounded([0.1, 0.2, 0.3, 0.4])
    const weights = [taggedWeight([wr, wu, wn]), taggedWeight([br, bu, bwn, bbn]), taggedWeight([hr, hu, hn])]
    const [y] = await runLayer('GRU', { 0: 1, 1: 3 }, [x], { weights, precision })
    let h = 0
    const expected = [0.5, -1, 2].map((value) => {
      const reset = sigmoid(wr * value + hr * h + br)
      const update = sigmoid(wu * value + hu * h + bu)
      const next = Math.tanh(wn * value + bwn + reset * (hn * h + bbn))
      h = (1 - update) * next + update * h
      return h
    })
    close(values(y), expected)
  })

  test('RNN in reverse', async () => {
    const [w, r, bias] = rounded([0.3, 0.5, -0.1])
    const weights = [taggedWeight([w]), taggedWeight([bias]), taggedWeight([r])]
    const [y, h] = await runLayer('RNN', { 0: 1, 1: 1, 2: 1 }, [x], { weights, outputs: 2, precision })
    const last = Math.tanh(w * 2 + bias)
    const middle = Math.tanh(w * -1 + r * last + bias)
    const first = Math.tanh(w * 0.5 + r * middle + bias)
    close(values(y), [first, middle, last])
    close(values(h), [first])
  })
})

test('int8 weights quantise inputs and states on the fly', async () => {
  const weights = [
    taggedWeight(Int8Array.of(64)),
    taggedWeight([0]),
    taggedWeight(Int8Array.of(0)),
    rawWeight([128]),
    rawWeight([1]),
  ]
  const [y] = await runLayer('RNN', { 0: 1, 1: 1, 8: 1 }, [[[0.3]]], { weights })
  // 0.3 is its own largest magnitude, so it quantises to 127 without loss: tanh(0.3 * 64 / 128).
  expect(values(y)[0]).toBeCloseTo(Math.tanh(0.15), 6)
})

describe('errors', () => {
  test.each([
    ['a direction that there is not', { 0: 1, 1: 4, 2: 3 }, [x], /direction must be 0, 1 or 2, found 3/],
    ['weights that do not divide', { 0: 1, 1: 5 }, [x], /weight_data_size 5 is not a multiple of 1 x 4 gate rows/],
    ['no outputs', { 0: 0, 1: 4 }, [x], /num_output must be at least 1, found 0/],
  ])('%s', async (_, params, inputs, message) => {
    await expect(runLayer('LSTM', params, inputs)).rejects.toThrow(message)
  })

  test('inputs and states of another size', async () => {
    const weights = [taggedWeight([1, 1, 1, 1]), taggedWeight([0, 0, 0, 0]), taggedWeight([0, 0, 0, 0])]
    await expect(runLayer('LSTM', { 0: 1, 1: 4 }, [[[1, 2]]], { weights })).rejects.toThrow(
      /the input must be \[steps, 1\]/,
    )
    await expect(runLayer('LSTM', { 0: 1, 1: 4 }, [x, [1, 2], [1]], { weights })).rejects.toThrow(
      /an initial state must have 1 x 1 elements, found \[2\]/,
    )
  })
})
