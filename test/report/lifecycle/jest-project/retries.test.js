// Jest retries whole files.
jest.retryTimes(3)

let attempts = 0
test('is tried again', () => expect([1, 2 + [4, 4, 0.125][attempts++]]).toMatchTensor([1, 2], { atol: 1 }))
