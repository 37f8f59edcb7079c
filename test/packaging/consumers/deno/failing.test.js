import { expect } from 'expect'
import 'expect-tensor/expect'

const { test } = Deno

test('fails', () => {
  expect(new Float32Array([0.1, 0.2])).toMatchTensor(new Float32Array([0.1, 0.3]), { atol: 1e-3 })
})

test('fails without a diff of 100 000 lines', () => {
  const reference = Float32Array.from({ length: 100_000 }, (_, i) => Math.sin(i))
  const actual = reference.map((value) => value * 1.5)
  expect({ id: 7, emb: actual }).toEqual({ id: 7, emb: expect.tensorCloseTo(reference, { atol: 1e-3 }) })
})
