// LSTM, GRU and RNN against ncnn's step formulas in float64.
import { describe, expect, test } from 'vitest'
import { Initial, type Pointer, packedRightBytes, recurrentScratchBytes, WeightType } from '../../src/kernels/ncnn.ts'
import { createArena, randomFloats } from './arena.ts'

const arena = createArena()
const { kernels } = arena

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

interface Network {
  gates: number
  steps: number
  size: number
  hiddenSize: number
  numOutput: number
}

/** Weights as ncnn stores them, [gate][hidden][input]. */
function weights({ gates, size, hiddenSize, numOutput }: Network) {
  return {
    x: randomFloats(gates * hiddenSize * size, 11),
    h: randomFloats(gates * hiddenSize * numOutput, 12),
    bias: randomFloats(gates * hiddenSize, 13),
  }
}

function dot(matrix: Float32Array, row: number, vector: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < vector.length; i++) sum += (matrix[row * vector.length + i] ?? 0) * (vector[i] ?? 0)
  return sum
}

/** The gates of all steps from the input, as the engine computes them: one product. */
function inputGates(network: Network, input: Float32Array, x: Float32Array, bias: Float32Array): Pointer {
  const { gates, steps, size, hiddenSize } = network
  const n = gates * hiddenSize
  const packed = packed1(x, size, n)
  const output = arena.floats(steps * n)
  const scratch = arena.bytes(recurrentScratchBytes(gates, hiddenSize))
  const pBias = arena.put(bias)
  kernels.gemmRight({
    a: arena.put(input),
    rowStride: size,
    depthStride: 1,
    packedB: packed,
    c: output,
    ldc: n,
    m: steps,
    n,
    k: size,
    initial: Initial.columnBias,
    bias: pBias,
    scratch,
  })
  return output
}

function packed1(matrix: Float32Array, k: number, n: number): Pointer {
  const packed = arena.bytes(packedRightBytes(k, n))
  kernels.packRight({
    source: arena.put(matrix),
    weightType: WeightType.float32,
    depthStride: 1,
    columnStride: k,
    k,
    n,
    packed,
  })
  return packed
}

function expectClose(actual: Float32Array, expected: number[]) {
  expect(actual.length).toBe(expected.length)
  actual.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] ?? Number.NaN))).toBeLessThan(1e-5)
  })
}

const networks = [
  { steps: 1, size: 3, hiddenSize: 5, numOutput: 5 },
  { steps: 6, size: 7, hiddenSize: 16, numOutput: 16 },
  { steps: 5, size: 4, hiddenSize: 13, numOutput: 6 },
]

describe.each(networks)('$steps steps, hidden size $hiddenSize, $numOutput outputs', (shape) => {
  const { steps, size, numOutput, hiddenSize } = shape
  const input = randomFloats(steps * size, 10)
  const start = randomFloats(numOutput, 14)
  const startCell = randomFloats(hiddenSize, 15)
  const order = (reverse: number) => Array.from({ length: steps }, (_, t) => (reverse ? steps - 1 - t : t))
  const xAt = (t: number) => input.slice(t * size, (t + 1) * size)

  test.each([0, 1])('lstm, reverse %i', (reverse) => {
    const network = { ...shape, gates: 4 }
    const w = weights(network)
    const projection = randomFloats(numOutput * hiddenSize, 16)
    const gates = inputGates(network, input, w.x, w.bias)
    const hidden = arena.put(start)
    const cell = arena.put(startCell)
    const stride = numOutput + 3
    const output = arena.floats(steps * stride)
    const packedProjection = numOutput === hiddenSize ? 0 : packed1(projection, hiddenSize, numOutput)
    const packedHidden = packed1(w.h, numOutput, 4 * hiddenSize)
    const scratch = arena.bytes(recurrentScratchBytes(4, hiddenSize))
    kernels.lstm({
      gates,
      packedHidden,
      packedProjection,
      hidden,
      cell,
      output,
      outputStride: stride,
      steps,
      numOutput,
      hiddenSize,
      reverse,
      scratch,
    })
    let h = [...start]
    const c = [...startCell]
    const rows: number[][] = []
    for (const t of order(reverse)) {
      const gate = (g: number, q: number) => {
        const row = g * hiddenSize + q
        return (w.bias[row] ?? 0) + dot(w.x, row, xAt(t)) + dot(w.h, row, h)
      }
      const next = c.map((old, q) => {
        c[q] = sigmoid(gate(1, q)) * old + sigmoid(gate(0, q)) * Math.tanh(gate(3, q))
        return sigmoid(gate(2, q)) * Math.tanh(c[q] ?? 0)
      })
      h = packedProjection ? Array.from({ length: numOutput }, (_, q) => dot(projection, q, next)) : next
      rows[t] = h
    }
    expectClose(arena.read(hidden, numOutput), h)
    expectClose(arena.read(cell, hiddenSize), c)
    rows.forEach((row, t) => {
      expectClose(arena.read(output + t * stride * 4, numOutput), row)
    })
    arena.reset()
  })

  test.each([0, 1])('gru, reverse %i', (reverse) => {
    const network = { ...shape, gates: 3, hiddenSize: numOutput }
    const w = weights(network)
    const hiddenBias = randomFloats(numOutput, 17)
    const gates = inputGates(network, input, w.x, w.bias)
    const hidden = arena.put(start)
    const output = arena.floats(steps * numOutput)
    const packedHidden = packed1(w.h, numOutput, 3 * numOutput)
    const scratch = arena.bytes(recurrentScratchBytes(3, numOutput))
    kernels.gru({
      gates,
      packedHidden,
      hiddenBias: arena.put(hiddenBias),
      hidden,
      output,
      outputStride: numOutput,
      steps,
      numOutput,
      reverse,
      scratch,
    })
    let h = [...start]
    const rows: number[][] = []
    for (const t of order(reverse)) {
      const part = (g: number, q: number) => (w.bias[g * numOutput + q] ?? 0) + dot(w.x, g * numOutput + q, xAt(t))
      const state = h
      h = state.map((old, q) => {
        const r = sigmoid(part(0, q) + dot(w.h, q, state))
        const u = sigmoid(part(1, q) + dot(w.h, numOutput + q, state))
        const n = Math.tanh(part(2, q) + r * ((hiddenBias[q] ?? 0) + dot(w.h, 2 * numOutput + q, state)))
        return (1 - u) * n + u * old
      })
      rows[t] = h
    }
    expectClose(arena.read(hidden, numOutput), h)
    expectClose(arena.read(output, steps * numOutput), rows.flat())
    arena.reset()
  })

  test.each([0, 1])('rnn, reverse %i', (reverse) => {
    const network = { ...shape, gates: 1, hiddenSize: numOutput }
    const w = weights(network)
    const gates = inputGates(network, input, w.x, w.bias)
    const hidden = arena.put(start)
    const output = arena.floats(steps * numOutput)
    const packedHidden = packed1(w.h, numOutput, numOutput)
    const scratch = arena.bytes(recurrentScratchBytes(1, numOutput))
    kernels.rnn({ gates, packedHidden, hidden, output, outputStride: numOutput, steps, numOutput, reverse, scratch })
    let h = [...start]
    const rows: number[][] = []
    for (const t of order(reverse)) {
      const state = h
      h = state.map((_, q) => Math.tanh((w.bias[q] ?? 0) + dot(w.x, q, xAt(t)) + dot(w.h, q, state)))
      rows[t] = h
    }
    expectClose(arena.read(hidden, numOutput), h)
    expectClose(arena.read(output, steps * numOutput), rows.flat())
    arena.reset()
  })
})
