import { expect, test } from 'vitest'
import { studentsQuantile } from '../../src/analysis/students-t.ts'

// Abramowitz and Stegun, table 26.10
test.each([
  [0.99, 1, 31.821],
  [0.99, 2, 6.965],
  [0.99, 3, 4.541],
  [0.99, 10, 2.764],
  [0.99, 29, 2.462],
  [0.95, 4, 2.132],
  [0.995, 7, 3.499],
  [0.99, 120, 2.358],
])('level %d, %d degrees of freedom: %d', (level, degrees, quantile) => {
  expect(studentsQuantile(level, degrees)).toBeCloseTo(quantile, 3)
})
