// ExpandDims: axes of length 1 inserted.
import { ints } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { checkAxes } from '../param-checks.ts'
import { existingAxes } from '../shapes/axes.ts'

/** y = x with axes of length 1 at the positions `axes` of the result */
export const ExpandDims = defineLayer({
  type: 'ExpandDims',
  binaryId: 45,
  inputs: '1',
  elements: 'moved',
  stores16: false,
  params: { axes: ints(3) },
  check: ({ axes }) => checkAxes(axes),
  forward([x], { params: { axes } }) {
    const rank = x.shape.length + axes.length
    const expanded = rank <= 4 ? existingAxes(axes, rank) : []
    // Like ncnn: nothing happens when no axis fits, and an axis that does not fit becomes one of length 1 further out.
    if (expanded.length === 0) return x.share()
    const lengths = [...x.shape]
    const shape: number[] = []
    for (let axis = rank - 1; axis >= 0; axis--) {
      shape.unshift(expanded.includes(axis) ? 1 : (lengths.pop() ?? 1))
    }
    return x.share(shape)
  },
})
