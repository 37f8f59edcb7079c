import { expect, test } from 'vitest'

test('snapshots', () => {
  const output = Float32Array.from({ length: 2000 }, (_, i) => i * 0.001)
  expect(output).toMatchTensorSnapshot({ atol: 1e-4 })
  expect({ out0: output, out1: [1, 2] }).toMatchTensorSnapshot('outputs', { storage: 'fingerprint' })
})
