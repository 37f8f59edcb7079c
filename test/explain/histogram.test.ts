import { expect, test } from 'vitest'
import { drawHistogram } from '../../src/explain/histogram.ts'

test('draws a bar per decade and marks atol between two of them', () => {
  expect(drawHistogram({ first: -8, counts: [1, 3, 40, 80, 0, 2], zeros: 0 }, 1e-5)).toBe(
    '1e-8 ▁▁▁▁▄▄┊██  ▁▁ 1e-2 (┊ atol)',
  )
})

test('tells how many are exact', () => {
  expect(drawHistogram({ first: -8, counts: [5], zeros: 12 }, 0)).toBe('1e-8 ██ 1e-7 (12 exact)')
  expect(drawHistogram({ first: -8, counts: [5, 5], zeros: 1 }, 1e-7)).toBe('1e-8 ██┊██ 1e-6 (┊ atol, 1 exact)')
})

test('leaves the mark out when atol is no boundary that is shown', () => {
  expect(drawHistogram({ first: -8, counts: [5, 5], zeros: 0 }, 2e-8)).toBe('1e-8 ████ 1e-6')
  expect(drawHistogram({ first: -8, counts: [5, 5], zeros: 0 }, 1e-3)).toBe('1e-8 ████ 1e-6')
})

test('draws nothing when every element is exact, and no more than 24 decades', () => {
  expect(drawHistogram({ first: 0, counts: [], zeros: 3 }, 0)).toBeUndefined()
  const wide = drawHistogram({ first: -300, counts: new Array(300).fill(1), zeros: 0 }, 0)
  expect(wide).toBe(`< 1e-24 ${'█'.repeat(48)} 1e0`)
})
