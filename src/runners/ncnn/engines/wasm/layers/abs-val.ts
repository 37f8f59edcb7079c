// AbsVal: magnitudes.
import { UnaryOp as Operation } from '../../../../../kernels/ncnn.ts'
import { defineLayer } from '../layer.ts'
import { mapElements, unaryKernel } from '../operations/elementwise.ts'

/** y = |x| */
export const AbsVal = defineLayer({
  type: 'AbsVal',
  inputs: '1',
  params: {},
  forward: ([x], _, workspace) => mapElements(x, workspace, Math.abs, unaryKernel(Operation.abs, workspace)),
})
