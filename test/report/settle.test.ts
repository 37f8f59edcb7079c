import { expect, test } from 'vitest'
import { settle } from '../../src/report/settle.ts'
import { recordWith } from './sample.ts'

const at = (test: string, rest: object = {}) => ({ test: [test], ...rest })

test('a retry takes the place of the attempt before, under the same id', () => {
  const records = [
    recordWith(4, at('retried')),
    recordWith(0.5, at('retried', { retry: 1 })),
    recordWith(0.5, at('other')),
  ]
  const [first, second, other] = settle([{ file: 'a.js', records, tests: [] }])
  expect([first.superseded, second.superseded, other.superseded]).toEqual([true, undefined, undefined])
  expect(first.id).toBe(second.id)
  expect(other.id).not.toBe(first.id)
})

test('repetitions all count, and so does every turn of a loop', () => {
  const records = [recordWith(0.5, at('a')), recordWith(0.5, at('a')), recordWith(0.5, at('a', { repeat: 1 }))]
  const assertions = settle([{ file: 'a.js', records, tests: [] }])
  expect(new Set(assertions.map(({ id }) => id)).size).toBe(3)
  expect(assertions.some(({ superseded }) => superseded)).toBe(false)
})

test('an id does not depend on lines and numbers, but on project, file, test and key', () => {
  const idIn = (project: string | undefined, file: string, margin = 0.5, line = 1): string =>
    settle([{ ...(project && { project }), file, records: [recordWith(margin, at('a', { line }))], tests: [] }])[0].id
  expect(idIn(undefined, 'a.js', 0.5, 1)).toBe(idIn(undefined, 'a.js', 4, 99))
  expect(new Set([idIn(undefined, 'a.js'), idIn('b', 'a.js'), idIn(undefined, 'b.js')]).size).toBe(3)
})

test('a failure in a test that passes was caught; not where another test of that name failed', () => {
  const records = [recordWith(4, at('expected')), recordWith(4, at('unexpected')), recordWith(4, at('both'))]
  const tests = [
    { names: ['expected'], passed: true },
    { names: ['unexpected'], passed: false },
    { names: ['both'], passed: true },
    { names: ['both'], passed: false },
  ]
  expect(settle([{ file: 'a.js', records, tests }]).map(({ caught }) => caught)).toEqual([true, undefined, undefined])
})
