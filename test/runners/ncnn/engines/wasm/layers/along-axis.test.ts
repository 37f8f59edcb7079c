// Softmax, CumulativeSum and GLU, which work along one axis of any rank.
import { describe, expect, test } from 'vitest'
import { expectLayer, fill, type Nested } from '../../../expect-layer.ts'
import { runSingle } from '../../../run-layer.ts'

const value = (i: number): number => ((i * 5) % 7) / 2 - 1
const input = (shape: readonly number[]): Nested => fill(shape, value)

/** Every axis of a shape of every rank. */
const axes = [[6], [3, 4], [2, 4, 3], [2, 3, 4, 2]].flatMap((shape) => shape.map((_, axis) => ({ shape, axis })))

/** Applies `f` to each line of elements along an axis. */
function byLines(shape: readonly number[], axis: number, f: (line: number[]) => number[]): Nested {
  const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1)
  const length = shape[axis]
  const resultShape = shape.map((size, i) => (i === axis ? f(Array(length).fill(1)).length : size))
  return fill(resultShape, (i) => {
    const position = Math.floor(i / inner) % resultShape[axis]
    const start = Math.floor(i / (inner * resultShape[axis])) * length * inner + (i % inner)
    return f(Array.from({ length }, (_, k) => value(start + k * inner)))[position]
  })
}

const softmax = (line: number[]): number[] => {
  const exponentials = line.map(Math.exp)
  const sum = exponentials.reduce((a, b) => a + b)
  return exponentials.map((e) => e / sum)
}
const runningSums = (line: number[]): number[] => line.map((_, i) => line.slice(0, i + 1).reduce((a, b) => a + b))
const gated = (line: number[]): number[] => {
  const half = Math.floor(line.length / 2)
  return line.slice(0, half).map((v, i) => v / (1 + Math.exp(-line[half + i])))
}

describe.each(axes)('axis $axis of $shape', ({ shape, axis }) => {
  const fromEnd = axis - shape.length

  test('Softmax', async () => {
    await expectLayer('Softmax', { 0: axis, 1: 1 }, [input(shape)], byLines(shape, axis, softmax))
    await expectLayer('Softmax', { 0: fromEnd, 1: 1 }, [input(shape)], byLines(shape, axis, softmax))
  })

  test('CumulativeSum', async () => {
    await expectLayer('CumulativeSum', { 0: axis }, [input(shape)], byLines(shape, axis, runningSums))
    await expectLayer('CumulativeSum', { 0: fromEnd }, [input(shape)], byLines(shape, axis, runningSums))
  })

  test('GLU; of an odd length the last is passed over', async () => {
    await expectLayer('GLU', { 0: axis }, [input(shape)], byLines(shape, axis, gated))
    await expectLayer('GLU', { 0: fromEnd }, [input(shape)], byLines(shape, axis, gated))
  })
})

test('a vector has one axis, whatever is asked for', async () => {
  await expectLayer('Softmax', { 0: 3, 1: 1 }, [[0, 0]], [0.5, 0.5])
  await expectLayer('CumulativeSum', { 0: 2 }, [[1, 2]], [1, 3])
  await expectLayer('GLU', { 0: 1 }, [[4, 0]], [2])
})

test('Softmax of large numbers', async () => {
  await expectLayer('Softmax', {}, [[1e4, 1e4, -1e4]], [0.5, 0.5, 0])
})

test('errors', async () => {
  await expect(runSingle('Softmax', { 0: 1 }, [[[1, 2]]])).rejects.toThrow('no fixbug0, 1=1')
  await expect(runSingle('Softmax', { 0: 2, 1: 1 }, [[[1, 2]]])).rejects.toThrow('axis 2 does not exist')
  await expect(runSingle('CumulativeSum', { 0: -3 }, [[[1, 2]]])).rejects.toThrow('axis -3 does not exist')
  await expect(runSingle('GLU', { 0: 0 }, [[[1, 2]]])).rejects.toThrow('length 1 and cannot be halved')
})
