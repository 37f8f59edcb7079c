// Several tests at once: each assertion is told with the test it stands in.
import { afterAll, describe, expect, test } from 'vitest'
import '../../src/vitest.ts'
import { listen, type Outcome } from '../../src/outcomes/index.ts'

const outcomes: Outcome[] = []
const stop = listen((outcome) => outcomes.push(outcome))

describe.concurrent('tests with an expect of their own', () => {
  test.for([1, 2, 3])('%d', async (length, { expect }) => {
    await Promise.resolve()
    expect(new Float32Array(length)).toHaveShape([length])
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(new Float32Array(length)).toHaveShape([length])
  })
})

afterAll(() => {
  stop()
  const found = outcomes.map(({ given, where: { test, concurrent } }) => [test?.at(-1), given.shape, concurrent])
  expect(found).toHaveLength(6)
  for (const length of [1, 2, 3]) {
    expect(found.filter(([name]) => name === String(length))).toEqual([
      [String(length), [length], true],
      [String(length), [length], true],
    ])
  }
})
