// The simulation of 16-bit precision and of int8 on ARM against results that the real ncnn gave there.
import { expect, test } from 'vitest'
import { armCases, runArmCase } from './cases.ts'
import results from './results.json' with { type: 'json' }

const stored: Readonly<Record<string, readonly number[]>> = results

test('there are results of every case, and no others', () => {
  expect(Object.keys(stored)).toEqual(Object.keys(armCases))
})

test.each(Object.entries(armCases))('%s', async (name, armCase) => {
  const { data } = await runArmCase(armCase)
  const [found, expected] = [Array.from(data as Float32Array), stored[name]]
  if (armCase.share === 1) expect(found).toEqual(expected)
  const equal = expected.filter((value, i) => Object.is(value + 0, found[i] + 0)).length
  expect(equal / expected.length).toBeGreaterThanOrEqual(armCase.share)
})
