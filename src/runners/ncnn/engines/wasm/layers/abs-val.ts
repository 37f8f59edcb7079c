// AbsVal: magnitudes.
import { UnaryOp as Operation } from '../../../../../kernels/ncnn.ts'
import { defineLayer } from '../layer.ts'
import { mapElements, unaryKernel } from '../operations/elementwise.ts'

/** y = |x| */
export const AbsVal = defineLayer({
  type: 'AbsVal',
  binaryId: 0,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: {},
  forward: ([x], _, workspace) => mapElements(x, workspace, Math.abs, unaryKernel(Operation.abs, workspace)),
})
