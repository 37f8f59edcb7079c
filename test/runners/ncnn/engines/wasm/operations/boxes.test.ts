import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Box,
  boxAround,
  sortByScore,
  suppressOverlaps,
} from '../../../../../../src/runners/ncnn/engines/wasm/operations/boxes.ts'

const box = (score: number, xmin = 0, ymin = 0, xmax = 1, ymax = 1): Box => ({
  label: 0,
  score,
  xmin,
  ymin,
  xmax,
  ymax,
})

describe('sortByScore', () => {
  test('puts the highest score first, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (scores) => {
        const boxes = scores.map((score) => box(score))
        sortByScore(boxes)
        expect(boxes.map(({ score }) => score)).toEqual(scores.toSorted((a, b) => b - a))
      }),
    )
  })

  test('ends with scores that are not numbers', () => {
    const boxes = [box(1), box(Number.NaN), box(2)]
    sortByScore(boxes)
    expect(boxes).toHaveLength(3)
  })

  test('sorts more boxes than a stack has room for', () => {
    const boxes = Array.from({ length: 200_000 }, (_, i) => box(i % 2 ? i : -i))
    sortByScore(boxes)
    expect(boxes[0].score).toBe(199_999)
    expect(boxes.at(-1)?.score).toBe(-199_998)
  })
})

describe('suppressOverlaps', () => {
  test('drops a box that a better one covers by more than the threshold', () => {
    const [best, half, apart] = [box(3, 0, 0, 2, 1), box(2, 1, 0, 3, 1), box(1, 5, 5, 6, 6)]
    // best and half share 1 of 3.
    expect(suppressOverlaps([best, half, apart], 0.34)).toEqual([best, half, apart])
    expect(suppressOverlaps([best, half, apart], 0.33)).toEqual([best, apart])
  })

  test('a box that was dropped drops no other', () => {
    const [a, b, c] = [box(3, 0, 0, 2, 1), box(2, 1, 0, 3, 1), box(1, 2, 0, 4, 1)]
    expect(suppressOverlaps([a, b, c], 0.3)).toEqual([a, c])
  })

  test('of boxes without area keeps one, as ncnn does', () => {
    const [best, other, whole] = [box(3, 0, 0, 0, 1), box(2, 4, 0, 4, 1), box(1, 0, 0, 4, 1)]
    expect(suppressOverlaps([best, other, whole], 0.5)).toEqual([best, whole])
  })
})

test('boxAround', () => {
  expect(boxAround(4, 0.5, 10, 20, 2, 6, Math.fround)).toEqual({
    label: 4,
    score: 0.5,
    xmin: 9,
    ymin: 17,
    xmax: 11,
    ymax: 23,
  })
})
