import { expect, test } from 'vitest'
import '../../src/vitest.ts'
import { messageOf } from './message-of.ts'

const embedding = { data: new Float32Array(192), dims: [1, 192], type: 'float32' }

test('passes for exactly this shape', () => {
  expect(embedding).toHaveShape([1, 192])
  expect(embedding).not.toHaveShape([192])
  expect(embedding).not.toHaveShape([192, 1])
  expect([[1], [2]]).toHaveShape([2, 1])
  expect(3).toHaveShape([])
})

test('says which shape it found', () => {
  expect(messageOf(() => expect(embedding).toHaveShape([192]))).toMatchInlineSnapshot(
    `"Expected the shape [192], but the tensor has [1, 192] (float32)"`,
  )
  expect(messageOf(() => expect(embedding).not.toHaveShape([1, 192]))).toMatchInlineSnapshot(
    `"Expected a shape other than [1, 192]"`,
  )
})

test('a mistake is an error, under .not too', () => {
  expect(() => expect('text').not.toHaveShape([1])).toThrow(/actual must be a tensor/)
  expect(() => expect(embedding).not.toHaveShape([1, -1])).toThrow(/toHaveShape: the shape \[1, -1\] is not valid/)
  // @ts-expect-error: a number is no shape
  expect(() => expect(embedding).not.toHaveShape(192)).toThrow(/toHaveShape: the shape must be an array/)
})
