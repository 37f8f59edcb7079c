import { expect, test } from 'bun:test'

test('fails', () => {
  expect(new Float32Array([0.1, 0.2])).toMatchTensor(new Float32Array([0.1, 0.3]), { atol: 1e-3 })
})
