// `expect(actual).toHaveDtype('float32')`: the tensor's elements are of this type.
import type { DType } from '../tensor/dtype.ts'
import { formatShape } from '../tensor/shape.ts'
import { checkDType } from '../tensor/storage.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import type { MatcherContext, MatcherResult } from './context.ts'

export function toHaveDtype(this: MatcherContext, actual: unknown, dtype: DType): MatcherResult {
  const expected = checkDType(dtype, 'toHaveDtype')
  const tensor = toTensor(actual as TensorLike, { name: 'actual' })
  const pass = tensor.dtype === expected
  return {
    pass,
    message: () =>
      pass
        ? `Expected a dtype other than ${expected}`
        : `Expected the dtype ${expected}, but the tensor is ${tensor.dtype} ${formatShape(tensor.shape)}`,
  }
}
