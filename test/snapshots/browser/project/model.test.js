// Runs in Chromium. What the "model" computes is in values.json.
import { expect, test } from 'vitest'
import values from './values.json'

const tensor = (gain = 1, length = 100) => Float32Array.from({ length }, (_, i) => ((i * 37) % 101) * 0.01 * gain)

test('there is no Node here', () => {
  expect(globalThis.process?.getBuiltinModule).toBeUndefined()
})

test('plain', async () => {
  await expect(tensor(values.plain)).toMatchTensorSnapshot({ atol: 1e-4 })
})

test('record', async () => {
  await expect({ out0: tensor(), out1: tensor(2) }).toMatchTensorSnapshot('outputs', { atol: 1e-4 })
})

test('fingerprint', async () => {
  await expect(tensor(1, 200_000)).toMatchTensorSnapshot({ storage: 'fingerprint' })
})

test('the other matchers', () => {
  expect(tensor()).toMatchTensor(tensor(1.00001), { rtol: 1e-4 })
})
