import { expect, test } from 'vitest'
import '../../src/vitest.ts'
import { messageOf } from './message-of.ts'
import { noisyLogits } from './samples.ts'

test('passes when the same classes score highest', () => {
  const { actual, reference } = noisyLogits(1e-3)
  expect(actual).toAgreeOnTopK(reference, 1)
  expect([0.1, 0.7, 0.2]).toAgreeOnTopK([1, 9, 3], 2)
  expect([0.1, 0.7, 0.2]).not.toAgreeOnTopK([9, 1, 3], 1)
})

test('takes a class that the reference scores within tolerance for as good', () => {
  expect([1, 2]).toAgreeOnTopK([0.5001, 0.5], 1, { atol: 1e-3 })
  expect([1, 2]).not.toAgreeOnTopK([0.5001, 0.5], 1, { atol: 1e-5 })
  expect([1, 2]).toAgreeOnTopK([0.5001, 0.5], 1, { preset: 'fp32', atol: 1e-3 })
})

test('explains the swap and shows both rankings', () => {
  const { actual, reference } = noisyLogits(0.05)
  expect(messageOf(() => expect(actual).toAgreeOnTopK(reference, 5, { atol: 1e-3 }))).toMatchInlineSnapshot(`
    "Tensors do not agree on the top 5 classes in 1 of 2 rows

      row [0]: class 984 displaced class 615, although the reference scores them 7.834269 and 7.892594 (0.0583 apart, up to 1e-3 is a tie)

    row [0]:

      rank  actual  score      reference  score
      1        371  7.972131         371  7.9906974
      2        583  7.9614444        180  7.9850855
      3        180  7.935719         265  7.9254737
      4        265  7.9192           583  7.914099
      5       *984  7.865475        *615  7.892594"
  `)
  expect(messageOf(() => expect([0, 0, 0]).toAgreeOnTopK([0.1, 0.7, 0.2], 1))).toMatchInlineSnapshot(`
    "Tensors do not agree on the top class

      class 0 displaced class 1, although the reference scores them 0.1 and 0.7 (0.6 apart, up to 1.7e-7 is a tie); actual scores both 0

      rank  actual  score  reference  score
      1         *0  0             *1  0.7"
  `)
  expect(messageOf(() => expect([0, Number.NaN]).toAgreeOnTopK([0.1, 0.7], 1))).toMatchInlineSnapshot(`
    "Tensors do not agree on the top class

      a score of actual is NaN"
  `)
  expect(messageOf(() => expect(reference).not.toAgreeOnTopK(reference, 3))).toMatchInlineSnapshot(
    `"Expected other top 3 classes, but the tensors agree on all 2 rows"`,
  )
})

test('shows at most 25 lines however many rows and ranks there are', () => {
  const rows = Array.from({ length: 50 }, (_, row) =>
    Array.from({ length: 100 }, (_, index) => (index * 7 + row) % 100),
  )
  const reversed = rows.map((row) => row.map((score) => -score))
  expect(messageOf(() => expect(rows).toAgreeOnTopK(reversed, 40)).split('\n').length).toBeLessThanOrEqual(25)
})

test('a mistake is an error, under .not too', () => {
  expect(() => expect([1, 2]).not.toAgreeOnTopK([1, 2, 3], 1)).toThrow(/one shape: actual \[2\], reference \[3\]/)
  expect(() => expect([1, 2]).not.toAgreeOnTopK([1, 2], 3)).toThrow(/k must be a whole number from 1 to 2/)
  expect(() => expect([1, 2]).not.toAgreeOnTopK([1, 2], 0.5)).toThrow(/k must be a whole number/)
  expect(() => expect([]).not.toAgreeOnTopK([], 1)).toThrow(/there are no classes in \[0\]/)
  expect(() => expect(3).not.toAgreeOnTopK(3, 1)).toThrow(/there are no classes in \[\]/)
  expect(() => expect('a').not.toAgreeOnTopK([1], 1)).toThrow(/actual must be a tensor/)
  expect(() => expect([1]).not.toAgreeOnTopK([1], 1, { atol: -1 })).toThrow(/atol must be finite and not negative/)
  // @ts-expect-error: nothing is normalized here
  expect(() => expect([1]).not.toAgreeOnTopK([1], 1, { normalize: 'l2' })).toThrow(/takes atol, rtol and preset/)
})
