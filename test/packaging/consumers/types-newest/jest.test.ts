test('types only', () => {
  expect([1, 2]).toMatchTensor([1, 2], { atol: 1e-3 })
  expect({ a: [1] }).toEqual({ a: expect.tensorCloseTo([1]) })
  // @ts-expect-error: no such option
  expect([1, 2]).toMatchTensor([1, 2], { atoll: 1e-3 })
})
