test('in another file', () => expect([1, 2.875]).toMatchTensor([1, 2], { atol: 1 }))
test('by a snapshot', () => expect([1, 2]).toMatchTensorSnapshot('two'))
