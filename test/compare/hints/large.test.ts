// Tensors so large that a few elements are tried first: what lies in few of them must not be missed for that.
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../../src/compare/compare-tensors.ts'
import { excerptOf } from '../../../src/compare/hints/excerpt.ts'
import { sceneOf } from '../../../src/compare/hints/scene.ts'
import type { HintSource } from '../../../src/compare/hints/source.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'
import { float32, normal, randomFrom } from './scenes.ts'

const random = randomFrom(6)
const shape = [200, 20, 25]
const channel = (i: number) => Math.floor(i / 500)
const signed = float32(shape, () => normal(random))
const rectified = float32(shape, () => Math.max(0, normal(random)))

const changed = ({ data }: Tensor, f: (x: number, i: number) => number) => float32(shape, (i) => f(Number(data[i]), i))

function hintOf(actual: Tensor, reference: Tensor): string {
  return compareTensors(actual, reference).hints[0]?.message ?? ''
}

/** Of float32 sums in another order. */
const rounding = (x: number) => x * (1 + 1e-6 * normal(random))

describe('what is wrong in one of 200 channels is found beside rounding everywhere', () => {
  test.each([
    ['a scale', signed, (x: number) => 3 * x, /slice 117 of axis 0/],
    ['a bias', signed, (x: number) => x + 2, /slice 117 of axis 0 is the reference plus 2/],
    ['anything', signed, (x: number) => x + normal(random), /slice 117 of axis 0/],
    ['zeros', signed, () => 0, /slice 117 of axis 0/],
    ['a bias before the ReLU', rectified, (x: number) => Math.max(0, x - 0.4), /axis 0/],
  ])('%s', (_, reference, f, named) => {
    const actual = changed(reference, (x, i) => (channel(i) === 117 ? f(x) : rounding(x)))
    expect(hintOf(actual, reference)).toMatch(named)
  })

  test('exchanged with another', () => {
    const at = (i: number) => Number(signed.data[i])
    const actual = changed(signed, (x, i) =>
      channel(i) === 117 ? at(i - 60 * 500) : channel(i) === 57 ? at(i + 60 * 500) : rounding(x),
    )
    expect(hintOf(actual, signed)).toMatch(/57 is 117, 117 is 57/)
  })
})

test('a part of the tensor, and its edges', () => {
  const part = changed(signed, (x, i) => (i >= 90_000 && i < 92_000 ? normal(random) : x))
  expect(hintOf(part, signed)).toMatch(/all errors lie in elements 90000 to 91999/)
  const edges = changed(signed, (x, i) => (i % 25 === 0 || i % 25 === 24 ? x + normal(random) : x))
  expect(hintOf(edges, signed)).toMatch(/edges of axis 2/)
})

test('a grid of 8 bits whose outermost steps are rare', () => {
  const step = 0.05
  const actual = changed(signed, (x, i) => (i === 77_777 ? 127 * step : step * Math.round(x / step)))
  const reference = changed(signed, (x, i) => (i === 77_777 ? 127.2 * step : x))
  expect(hintOf(actual, reference)).toMatch(/quantized to int8/)
  // one element off the grid is another matter
  const off = changed(actual, (x, i) => (i === 99_999 ? x + step / 3 : x))
  expect(hintOf(off, reference)).not.toMatch(/quantized/)
})

test('an order without a name, and one that is only alike', () => {
  const order = Array.from({ length: 100_000 }, (_, i) => [random(), i] as const).sort((a, b) => a[0] - b[0])
  const shuffled = changed(signed, (_, i) => Number(signed.data[order[i]?.[1] ?? 0]))
  expect(hintOf(shuffled, signed)).toMatch(/the same values in another order/)
  expect(hintOf(changed(shuffled, rounding), signed)).toBe('')
})

test('an image resampled by another rule, but not one with noise as large', () => {
  const image = (f: (y: number, x: number) => number) =>
    float32([2, 200, 250], (i) => f(Math.floor(i / 250) % 200, i % 250))
  const wave = (y: number, x: number) => Math.sin(0.11 * y + 0.07 * x) + 0.5 * Math.sin(0.05 * y - 0.13 * x)
  const reference = image(wave)
  expect(
    hintOf(
      image((y, x) => wave(y + 0.3, x + 0.002 * x)),
      reference,
    ),
  ).toMatch(/align_corners/)
  expect(
    hintOf(
      image((y, x) => wave(y, x) + 0.04 * normal(random)),
      reference,
    ),
  ).not.toMatch(/align_corners/)
  // before a background that is the same on both sides
  const spot = (y: number, x: number) =>
    5 + wave(y, x) * Math.max(0, 1 - ((y - 100) ** 2 + (x - 125) ** 2) / 60 ** 2) ** 2
  expect(
    hintOf(
      image((y, x) => spot(y + 0.3, x + 0.4)),
      image(spot),
    ),
  ).toMatch(/align_corners/)
})

describe('an excerpt', () => {
  const source = { pairs: { length: 0 } } as HintSource
  const scene = (f: (x: number, i: number) => number) => {
    const r = Float64Array.from(signed.data as Float32Array)
    return sceneOf(source, shape, ['float32', 'float32'], r.map(f), r)
  }

  test('has slices of every axis, in their order', () => {
    const excerpt = excerptOf(scene((_, i) => i))
    expect(excerpt?.shape).toEqual([10, 10, 10])
    expect(excerpt?.axes.map(({ index, stride }) => [index, stride])).toEqual([
      [0, 100],
      [1, 10],
      [2, 1],
    ])
    const positions = excerpt?.actual.values ?? []
    const [rows, columns] = [new Set<number>(), new Set<number>()]
    positions.forEach((position, i) => {
      if (i > 0) expect(position).toBeGreaterThan(Number(positions[i - 1]))
      rows.add(Math.floor(position / 25) % 20)
      columns.add(position % 25)
    })
    expect([rows.size, columns.size]).toEqual([10, 10])
  })

  test('is none where it may have missed the error, or has more than its share', () => {
    expect(excerptOf(scene((x, i) => (channel(i) === 117 ? x + 1 : x + 1e-6)))).toBeUndefined()
    expect(excerptOf(scene((x, i) => (i === 0 ? 1e6 : x + 1e-6)))).toBeUndefined()
    expect(excerptOf(scene((x) => x + normal(random)))).toBeDefined()
  })

  test('is none where few of its elements have the error, be it their share', () => {
    const inside = Array.from(excerptOf(scene((_, i) => i))?.actual.values ?? [])
    const outside = Array.from({ length: 99 }, (_, k) => 1000 * k + 501).filter((i) => !inside.includes(i))
    const wild = new Set([...outside, ...inside.slice(500, 501)])
    expect(excerptOf(scene((x, i) => (wild.has(i) ? x + 100 : x + 1e-6 * normal(random))))).toBeUndefined()
  })
})
