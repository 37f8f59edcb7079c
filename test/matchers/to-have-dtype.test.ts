import { expect, test } from 'vitest'
import '../../src/vitest.ts'
import { messageOf } from './message-of.ts'

test('passes for exactly this dtype', () => {
  expect(new Float32Array(3)).toHaveDtype('float32')
  expect(new Float32Array(3)).not.toHaveDtype('float64')
  expect({ data: new Uint16Array(3), dims: [3], type: 'float16' }).toHaveDtype('float16')
  expect([1n, 2n]).toHaveDtype('int64')
  expect([true]).toHaveDtype('bool')
})

test('says which dtype it found', () => {
  expect(messageOf(() => expect(new Float32Array(3)).toHaveDtype('int8'))).toMatchInlineSnapshot(
    `"Expected the dtype int8, but the tensor is float32 [3]"`,
  )
  expect(messageOf(() => expect(new Float32Array(3)).not.toHaveDtype('float32'))).toMatchInlineSnapshot(
    `"Expected a dtype other than float32"`,
  )
})

test('a mistake is an error, under .not too', () => {
  expect(() => expect(null).not.toHaveDtype('int8')).toThrow(/actual must be a tensor/)
  // @ts-expect-error: there is no such dtype
  expect(() => expect(new Float32Array(3)).not.toHaveDtype('float31')).toThrow(/the dtype 'float31' is not supported/)
})
