// CumulativeSum: running sums along an axis.
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { viewAlong } from '../shapes/axis-view.ts'

/** y[i] = x[0] + ... + x[i] along the axis */
export const CumulativeSum = defineLayer({
  type: 'CumulativeSum',
  binaryId: 98,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { axis: int(0) },
  forward([x], { params: { axis } }, workspace) {
    checkFloat(x, workspace)
    const { outer, length, inner } = viewAlong(x.shape, axis)
    const y = workspace.reuse(x)
    if (workspace.float === 'float32') {
      workspace.kernels.cumulativeSum({ input: x.ptr, output: y.ptr, outer, length, inner })
      return y
    }
    const [source, target] = [x.data, y.data]
    for (let o = 0; o < outer; o++) {
      const start = o * length * inner
      const end = start + length * inner
      for (let p = start; p < end; p++) target[p] = p < start + inner ? source[p] : target[p - inner] + source[p]
    }
    return y
  },
})
