// The matchers by name, as `expect.extend` takes them.
import { tensorCloseTo } from './tensor-close-to.ts'
import { toAgreeOnTopK } from './to-agree-on-top-k.ts'
import { toBeFiniteTensor } from './to-be-finite-tensor.ts'
import { toHaveDtype } from './to-have-dtype.ts'
import { toHaveShape } from './to-have-shape.ts'
import { toMatchTensor } from './to-match-tensor.ts'
import { toMatchTensorSnapshot } from './to-match-tensor-snapshot.ts'
import { toMatchTensors } from './to-match-tensors.ts'

export const tensorMatchers = {
  toMatchTensor,
  toMatchTensors,
  toMatchTensorSnapshot,
  toAgreeOnTopK,
  toHaveShape,
  toHaveDtype,
  toBeFiniteTensor,
  tensorCloseTo,
}
