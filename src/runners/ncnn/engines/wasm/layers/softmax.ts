// Softmax: exponentials that add up to 1 along an axis.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { exp } from '../math/index.ts'
import type { Blob } from '../memory/blob.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { type AxisView, viewAlong } from '../shapes/axis-view.ts'

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
  forward([x], { params: { axis } }, workspace) {
    checkFloat(x, workspace)
    const view = viewAlong(x.shape, axis)
    const y = workspace.reuse(x)
    if (workspace.float === 'float32') workspace.kernels.softmax(x.ptr, y.ptr, view.outer, view.length, view.inner)
    else softmax(x, y, view)
    return y
  },
})

function softmax(x: Blob, y: Blob, { outer, length, inner }: AxisView): void {
  const [source, target] = [x.data, y.data]
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const start = o * length * inner + i
      const end = start + length * inner
      let shift = -Infinity
      for (let p = start; p < end; p += inner) if (source[p] > shift) shift = source[p]
      let sum = 0
      for (let p = start; p < end; p += inner) {
        target[p] = exp(source[p] - shift)
        sum += target[p]
      }
      for (let p = start; p < end; p += inner) target[p] /= sum
    }
  }
}
