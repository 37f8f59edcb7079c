// What Jest says of the place of an assertion. Each outcome is a line of outcomes.jsonl.
const { appendFileSync } = require('node:fs')

// where all copies of the package keep their listeners
globalThis[Symbol.for('expect-tensor.listeners')].add(({ status, isNot, where }) =>
  appendFileSync('outcomes.jsonl', `${JSON.stringify({ status, isNot, where })}\n`),
)

const values = [1, 2]

test('sync', () => {
  expect(values).toMatchTensor(values)
})

test('async', async () => {
  await new Promise(setImmediate)
  expect(values).toMatchTensor(values)
})

describe('outer', () => {
  describe.each([1, 2])('inner %i', (offset) => {
    test('negated', () => {
      expect(values).not.toMatchTensor(values.map((value) => value + offset))
    })
  })
})

test('fails', () => {
  expect(() => expect(values).toMatchTensor([1, 3])).toThrow()
})

test.concurrent.each(['one', 'two'])('concurrent %s', async () => {
  await new Promise(setImmediate)
  expect(values).toMatchTensor(values)
})
