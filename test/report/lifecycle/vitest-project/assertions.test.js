// Each assertion says by its margin in which test it stands: hundreds of the test, units of the assertion.
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Passes with this share of the tolerance used, or fails above 1. */
const use = (share, check = expect) => check([1, 2 + share]).toMatchTensor([1, 2], { atol: 1 })

test('passes', () => use(0.25))
test('fails', () => use(4))
describe('a suite', () => {
  test('has a test', () => use(0.5))
})
test('compares no number', () => expect([NaN, 1]).toMatchTensor([1, 1], { atol: 1 }))
test('compares by name', () =>
  expect({ right: [1], wrong: [9] }).toMatchTensors({ right: [1], wrong: [1] }, { atol: 1 }))
test('says no', () => expect([9]).not.toMatchTensor([1], { atol: 1 }))
test('is used wrongly', () => expect([1]).toMatchTensor([1], { atoll: 1 }))

let attempts = 0
test('is tried again', { retry: 3 }, () => use([4, 4, 0.125][attempts++]))
test('is repeated', { repeats: 1 }, () => use(0.375))
test('goes on', () => {
  use(4, expect.soft)
  use(0.625, expect.soft)
})
test('polls', async () => {
  for (const share of [0.25, 0.5]) {
    let polls = 0
    await expect.poll(() => [++polls < 3 ? 9 : 1 + share], { interval: 1 }).toMatchTensor([1], { atol: 1 })
  }
})
test.fails('fails as it should', () => use(8))

describe.concurrent('at once', () => {
  test.for([1, 2, 3])('%d', async (number) => {
    use(number / 8)
    await wait(20 - 5 * number)
    use(number / 8)
  })
})

afterAll(() => use(0.75))
