// Fails at the first attempt, with another tensor than at the second.
const inJest = typeof jest !== 'undefined'
let attempts = 0

function flaky() {
  attempts++
  expect(Float32Array.of(attempts, 2, 3)).toMatchTensorSnapshot({ atol: 1e-4 })
  if (attempts === 1) throw new Error('at the first attempt')
}

if (inJest) {
  jest.retryTimes(2)
  test('flaky', flaky)
} else {
  test('flaky', { retry: 2 }, flaky)
}
