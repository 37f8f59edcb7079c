import { expect, test } from 'vitest'
import { shared } from '../../src/host/shared.ts'

test('the first value of a name is everybody’s', () => {
  const first = shared('test of sharing', () => ({ made: 1 }))
  expect(shared('test of sharing', () => ({ made: 2 }))).toBe(first)
  expect(shared('another name', () => ({ made: 2 }))).toEqual({ made: 2 })
})
