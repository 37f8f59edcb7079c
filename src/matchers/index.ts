// The matchers by name, as `expect.extend` takes them.
import { mustBeAwaited } from './must-be-awaited.ts'
import { observe } from './observe.ts'
import { tensorCloseTo } from './tensor-close-to.ts'
import { toAgreeOnTopK } from './to-agree-on-top-k.ts'
import { toBeFiniteTensor } from './to-be-finite-tensor.ts'
import { toHaveDtype } from './to-have-dtype.ts'
import { toHaveShape } from './to-have-shape.ts'
import { toMatchModel } from './to-match-model.ts'
import { toMatchTensor } from './to-match-tensor.ts'
import { toMatchTensorSnapshot } from './to-match-tensor-snapshot.ts'
import { toMatchTensors } from './to-match-tensors.ts'

export const tensorMatchers = {
  toMatchTensor: observe('toMatchTensor', toMatchTensor, ([, options]) => ({ options })),
  toMatchTensors: observe('toMatchTensors', toMatchTensors, ([, options]) => ({ options })),
  toMatchTensorSnapshot: observe('toMatchTensorSnapshot', toMatchTensorSnapshot, ([first, second]) =>
    typeof first === 'string' ? { hint: first, options: second } : { options: first ?? second },
  ),
  toMatchModel: mustBeAwaited(
    'toMatchModel',
    observe('toMatchModel', toMatchModel, ([, given]) => {
      const { inputs: _, referenceInputs: __, ...options } = given ?? {}
      return { options }
    }),
  ),
  toAgreeOnTopK: observe('toAgreeOnTopK', toAgreeOnTopK, ([, k, options]) => ({ k, options })),
  toHaveShape: observe('toHaveShape', toHaveShape, ([shape]) => ({ shape })),
  toHaveDtype: observe('toHaveDtype', toHaveDtype, ([dtype]) => ({ dtype })),
  toBeFiniteTensor: observe('toBeFiniteTensor', toBeFiniteTensor, () => ({})),
  // part of another assertion, which may ask it any number of times: no assertion of its own
  tensorCloseTo,
}
