import { expect } from 'expect'
import { type CompareOptions, configureTensorMatchers, tensorMatchers } from 'expect-tensor'
import 'expect-tensor/expect'

const tolerance: CompareOptions = { atol: 1e-3 }
configureTensorMatchers(tolerance)
expect.extend(tensorMatchers)

const reference = new Float32Array([0.1, -0.2, 0.3])

expect(reference).toMatchTensor(reference, { atol: 1e-3, normalize: 'l2', metrics: { cosine: 0.999 } })
expect([[0.1], [0.2]]).not.toMatchTensor({ data: reference, dims: [1, 3], type: 'float32' })
expect({ emb: reference }).toMatchTensors({ emb: reference }, { preset: 'fp16-weights' })
expect(reference).toAgreeOnTopK(reference, 5, { atol: 1e-3 })
expect(reference).toHaveShape([1, 3])
expect(reference).toHaveDtype('float32')
expect(reference).toBeFiniteTensor()
expect({ emb: reference }).toEqual({ emb: expect.tensorCloseTo(reference, { atol: 1e-3 }) })
expect({ emb: reference }).toEqual({ emb: expect.not.tensorCloseTo(reference) })

// @ts-expect-error: no such option
expect(reference).toMatchTensor(reference, { atoll: 1e-3 })
// @ts-expect-error: no such dtype
expect(reference).toHaveDtype('float31')

export const promise: Promise<void> = expect(Promise.resolve(reference)).resolves.toMatchTensor(reference)
