import { afterEach, expect, test } from 'vitest'
import { configureTensorMatchers } from '../../src/index.ts'
import '../../src/vitest.ts'

afterEach(() => configureTensorMatchers({}))

test('sets the options of every matcher', () => {
  expect([1.05]).not.toMatchTensor([1])
  configureTensorMatchers({ atol: 0.1 })
  expect([1.05]).toMatchTensor([1])
  expect({ a: [1.05] }).toMatchTensors({ a: [1] })
  expect([1, 2]).toAgreeOnTopK([1.05, 1], 1)
  expect({ a: [1.05] }).toEqual({ a: expect.tensorCloseTo([1]) })
})

test('replaces what was set before', () => {
  configureTensorMatchers({ atol: 0.1, squeeze: true })
  configureTensorMatchers({ squeeze: true })
  expect([[1.05]]).not.toMatchTensor([1])
})

test("an assertion's tolerance replaces the whole default criterion", () => {
  configureTensorMatchers({ atol: 0.1, rtol: 0.5, metrics: { cosine: 1 } })
  expect([1.05, 1]).not.toMatchTensor([1, 1])
  // no rtol of the defaults stays behind
  expect([1.4]).not.toMatchTensor([1], { atol: 0.1 })
  expect([1.05, 1]).toMatchTensor([1, 1], { atol: 0.1 })
  expect([3, 1]).toMatchTensor([1, 1], { metrics: { cosine: 0.5 } })
})

test('an option that is undefined is not given', () => {
  configureTensorMatchers({ atol: 0.1 })
  expect([1.05]).toMatchTensor([1], { atol: undefined, normalize: undefined })
})

test('other options are overridden one by one, normalize together with axis', () => {
  configureTensorMatchers({ atol: 1e-6, normalize: 'l2', axis: 0, equalNaN: true })
  const doubled = [
    [2, 0],
    [0, 2],
  ]
  const rows = [
    [1, 0],
    [0, 4],
  ]
  expect(doubled).toMatchTensor(rows)
  expect(doubled).toMatchTensor(rows, { normalize: 'max' })
  expect([Number.NaN, 1]).toMatchTensor([Number.NaN, 1], { normalize: (tensor) => tensor })
  expect([Number.NaN, 1]).not.toMatchTensor([Number.NaN, 1], { normalize: (tensor) => tensor, equalNaN: false })
})

test('rejects wrong options at once and keeps what was set', () => {
  configureTensorMatchers({ atol: 0.1 })
  // @ts-expect-error: no such option
  expect(() => configureTensorMatchers({ atoll: 1 })).toThrow(/unknown option 'atoll'/)
  expect(() => configureTensorMatchers({ rtol: -1 })).toThrow(/rtol must be finite and not negative/)
  expect(() => configureTensorMatchers({ axis: 0 })).toThrow(/axis is where/)
  expect([1.05]).toMatchTensor([1])
})
