// Log: logarithms to a base.
import { UnaryOp as Operation } from '../../../../../kernels/ncnn.ts'
import { defineLayer } from '../layer.ts'
import * as math from '../math/index.ts'
import { mapElements, unaryKernel } from '../operations/elementwise.ts'
import { exponentialParams, naturalBase } from '../operations/exponential-params.ts'

/** y = log(shift + x * scale), to the base `base` */
export const Log = defineLayer({
  type: 'Log',
  binaryId: 17,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: exponentialParams,
  forward([x], { params: { base, scale, shift } }, workspace) {
    if (base !== naturalBase) {
      const logBase = math.log(base)
      return mapElements(x, workspace, (v) => math.log(shift + v * scale) / logBase)
    }
    const kernel = scale === 1 && shift === 0 ? unaryKernel(Operation.log, workspace) : undefined
    return mapElements(x, workspace, (v) => math.log(shift + v * scale), kernel)
  },
})
