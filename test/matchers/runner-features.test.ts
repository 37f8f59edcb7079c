// The matchers with what Vitest puts around an assertion.
import { describe, expect, test } from 'vitest'
import '../../src/vitest.ts'

const reference = Float32Array.of(0.1, -0.2, 0.3)
const drifted = Float32Array.of(0.1001, -0.2, 0.3)

test('.resolves', async () => {
  await expect(Promise.resolve(drifted)).resolves.toMatchTensor(reference, { atol: 1e-3 })
  await expect(Promise.resolve(drifted)).resolves.not.toMatchTensor(reference)
  await expect(expect(Promise.resolve(drifted)).resolves.toMatchTensor(reference)).rejects.toThrow(
    /Tensors do not match/,
  )
})

test('expect.poll waits for the numbers', async () => {
  let calls = 0
  await expect.poll(() => (++calls < 3 ? drifted : reference), { interval: 1 }).toMatchTensor(reference)
  expect(calls).toBe(3)
  const poll = expect.poll(() => drifted, { interval: 1, timeout: 20 }).toMatchTensor(reference)
  await expect(poll).rejects.toThrow(/Tensors do not match/)
})

test('expect.soft goes on', ({ task }) => {
  expect.soft(drifted).toMatchTensor(reference)
  expect.soft('text').not.toMatchTensor(reference)
  // the two failures were recorded and do not count against this test
  const errors = task.result?.errors?.splice(0) ?? []
  expect(errors.map(({ message }) => message.split(':')[0])).toEqual([
    'Tensors do not match',
    expect.stringMatching(/^actual must be a tensor/),
  ])
  if (task.result) task.result.state = 'run'
})

test("a message of one's own comes first", () => {
  expect(() => expect(drifted, 'layer 3').toMatchTensor(reference)).toThrow(/^layer 3: Tensors do not match/)
})

test.each([1, 2, 4])('test.each with a gain of %d', (gain) => {
  const louder = reference.map((value) => value * gain)
  expect(louder).toMatchTensor(reference, { atol: 1e-6, normalize: 'l2' })
})

test('counts as one assertion', () => {
  expect.assertions(1)
  expect(reference).toMatchTensor(reference)
})

describe.concurrent('concurrent tests with an expect of their own', () => {
  test.for([1, 2, 3])('%d', async (gain, { expect }) => {
    await Promise.resolve()
    const louder = reference.map((value) => value * gain)
    expect(louder).toMatchTensor(reference, { atol: 1e-6, normalize: 'max' })
    expect([louder]).toEqual([expect.tensorCloseTo(reference, { atol: 1e-6, normalize: 'max' })])
    expect([louder]).toEqual([expect.not.tensorCloseTo(reference.map((value) => -value))])
  })
})

describe.concurrent('concurrent tests with the global expect', () => {
  test.for(['first', 'second'])('a snapshot refuses, as it cannot tell the tests apart: %s', async () => {
    const message = /cannot be used with the global expect in a concurrent test or in afterAll: .* Use the test's own/
    const take = () => expect(reference).toMatchTensorSnapshot()
    expect(take).toThrow(message)
    await new Promise((resolve) => setTimeout(resolve, 1))
    expect(take).toThrow(message)
  })
})
