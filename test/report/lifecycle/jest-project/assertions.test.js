// Each assertion says by its margin in which test it stands.
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Passes with this share of the tolerance used, or fails above 1. */
const use = (share) => expect([1, 2 + share]).toMatchTensor([1, 2], { atol: 1 })

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
test.failing('fails as it should', () => use(8))

for (const share of [0.375, 0.625]) test('is called as another', () => use(share))

for (const number of [1, 2, 3]) {
  test.concurrent(`at once ${number}`, async () => {
    use(number / 8)
    await wait(20 - 5 * number)
    use(number / 8)
  })
}

afterAll(() => use(0.75))
