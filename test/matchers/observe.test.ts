// Matchers that answer with a promise, as snapshots do in a browser, and listeners that fail.
import { afterEach, expect, test } from 'vitest'
import type { MatcherResult } from '../../src/matchers/context.ts'
import { tensorMatchers } from '../../src/matchers/index.ts'
import { observe } from '../../src/matchers/observe.ts'
import { listen, type Outcome } from '../../src/outcomes/index.ts'

let stop = () => {}
afterEach(() => stop())

const later = observe(
  'later',
  async (answer: unknown): Promise<MatcherResult> => {
    if (answer instanceof Error) throw answer
    return { pass: answer === true, message: () => 'later', comparisons: [] }
  },
  () => ({}),
)

test('outcomes of promises are told when they are there', async () => {
  const outcomes: Outcome[] = []
  stop = listen((outcome) => outcomes.push(outcome))
  const results = [later.call({}, true), later.call({ isNot: true }, true)]
  expect(outcomes).toEqual([])
  expect(Object.keys(await results[0])).toEqual(['pass', 'message'])
  await results[1]
  await expect(later.call({}, new Error('no tensor'))).rejects.toThrow('no tensor')
  expect(outcomes.map(({ matcher, status, message }) => [matcher, status, message()])).toEqual([
    ['later', 'passed', 'later'],
    ['later', 'failed', 'later'],
    ['later', 'error', 'no tensor'],
  ])
})

test('an error of a listener does not become that of the assertion', async () => {
  const errors: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', (error) => errors.push(error))
  try {
    stop = listen(() => {
      throw new Error('the report is broken')
    })
    expect(tensorMatchers.toMatchTensor.call({}, [1], [1]).pass).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 1))
  } finally {
    for (const other of others) process.on('uncaughtException', other)
  }
  expect(errors).toEqual([new Error('the report is broken')])
})
