import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../src/compare/compare-tensors.ts'
import type { Comparison } from '../../src/compare/comparison.ts'
import { explainMismatch } from '../../src/explain/comparison.ts'
import { renderText } from '../../src/explain/text.ts'
import { embeddingWithFp16Weights } from '../matchers/samples.ts'

const { actual, reference } = embeddingWithFp16Weights()
const sentence = 'The errors look like this and that, which comes from here or there: try to do something about it. '

function withHints(count: number): Comparison {
  const comparison = compareTensors(actual, reference, { atol: 1e-5, normalize: 'l2' })
  const hints = Array.from({ length: count }, (_, index) => ({
    code: `hint-${index}`,
    message: sentence.repeat(2).trim(),
  }))
  return Object.defineProperty(comparison, 'hints', { value: hints })
}

const textOf = (comparison: Comparison) => renderText(explainMismatch(comparison))

test('hints are wrapped and come last', () => {
  const lines = textOf(withHints(1)).split('\n')
  expect(lines.slice(-3)).toMatchInlineSnapshot(`
    [
      "  hint        The errors look like this and that, which comes from here or there: try to do something about",
      "              it. The errors look like this and that, which comes from here or there: try to do something",
      "              about it.",
    ]
  `)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110)
})

test('rows of the table give way to hints, down to two, then hints are dropped', () => {
  const rowsOf = (message: string) => message.split('\n').filter((line) => /^ {2}\[\d+\]/.test(line)).length
  for (const hints of [0, 1, 2, 3, 8]) {
    const message = textOf(withHints(hints))
    expect(message.split('\n').length).toBeLessThanOrEqual(25)
    expect(rowsOf(message)).toBeGreaterThanOrEqual(2)
    expect(message.includes('try to do')).toBe(hints > 0)
  }
  expect(rowsOf(textOf(withHints(0)))).toBe(5)
  expect(rowsOf(textOf(withHints(8)))).toBe(2)
})

test('a hint is shown whole or not at all', () => {
  for (const hints of [1, 2, 3, 8]) {
    expect(textOf(withHints(hints))).toMatch(/about it\.$/)
  }
})

describe('what would pass', () => {
  const values = Array.from({ length: 64 }, (_, i) => Math.sin(i))
  const required = (actual: readonly number[], reference: readonly number[] = values) =>
    explainMismatch(compareTensors(actual, reference)).wouldPass ?? []

  test('is a tolerance that passes', () => {
    const nearly = values.map((value) => 1.02 * value)
    const found = required(nearly)
    expect(found).toEqual([expect.stringMatching(/^\{ atol: 0\.02\d*, /), expect.stringMatching(/rtol: 0\.02\d* \}$/)])
  })

  test('is not said of errors as large as the reference', () => {
    expect(required(values.map((value) => -value))).toEqual([])
    expect(required(values.map((value) => 0.3 * value))).toEqual([])
    expect(required(values.map((value) => 0.9 * value))).toHaveLength(2)
    expect(required(values.map((value, i) => (i === 9 ? 40 : value)))).toEqual([])
  })

  test('is said of errors beside a reference of zeros', () => {
    expect(required([0, 0.25, 0], [0, 0, 0])).toEqual([expect.stringContaining('atol: 0.25')])
  })

  test('goes by what was compared when that was normalized', () => {
    const long = values.map((value) => 1e3 * value)
    const wild = long.map((value, i) => (i === 9 ? 4e4 : value))
    const found = explainMismatch(compareTensors(wild, long, { atol: 1e-6, normalize: 'l2' })).wouldPass
    expect(found).toEqual([])
  })
})
