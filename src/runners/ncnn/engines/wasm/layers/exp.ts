// Exp: powers of a base.
import { UnaryOp as Operation } from '../../../../../kernels/ncnn.ts'
import { defineLayer } from '../layer.ts'
import * as math from '../math/index.ts'
import { mapElements, unaryKernel } from '../operations/elementwise.ts'
import { exponentialParams, naturalBase } from '../operations/exponential-params.ts'

/** y = base^(shift + x * scale) */
export const Exp = defineLayer({
  type: 'Exp',
  binaryId: 13,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: exponentialParams,
  forward([x], { params: { base, scale, shift } }, workspace) {
    if (base !== naturalBase) return mapElements(x, workspace, (v) => math.pow(base, shift + v * scale))
    const kernel = scale === 1 && shift === 0 ? unaryKernel(Operation.exp, workspace) : undefined
    return mapElements(x, workspace, (v) => math.exp(shift + v * scale), kernel)
  },
})
