// Softmax: exponentials that add up to 1 along an axis.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { softmax } from '../operations/softmax.ts'
import { storedSoftmax } from '../operations/stored-softmax.ts'
import { packOf } from '../precision/arm-layout.ts'
import { viewAlong } from '../shapes/axis-view.ts'

/** y = e^x / sum(e^x) along the axis */
export const Softmax = defineLayer({
  type: 'Softmax',
  binaryId: 32,
  inputs: '1',
  elements: 'float32',
  stores16: true,
  params: { axis: int(0), fixbug0: int(1) },
  prepare({ params: { axis, fixbug0 } }) {
    if (fixbug0 === 0 && axis !== 0) {
      throw new NcnnError(
        'axis was written by an old converter that counted it differently (no fixbug0, 1=1): convert the model anew',
      )
    }
  },
  forward([x], { params: { axis }, storage16, sumsInHalf, layout }, workspace) {
    checkFloat(x, workspace)
    const view = viewAlong(x.shape, axis)
    const y = workspace.reuse(x)
    if (storage16 !== undefined) {
      if (y.ptr !== x.ptr) y.data.set(x.data)
      storedSoftmax(y, view, packOf(x.shape[0], layout, sumsInHalf), storage16, workspace)
    } else softmax(x, y, view.outer, view.length, view.inner, workspace)
    return y
  },
})
