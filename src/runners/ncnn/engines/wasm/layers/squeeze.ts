// Squeeze: axes of length 1 removed.
import { int, ints } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { checkAxes } from '../param-checks.ts'
import { axisNames, existingAxes } from '../shapes/axes.ts'

/** y = x without those of the given axes that have length 1 */
export const Squeeze = defineLayer({
  type: 'Squeeze',
  binaryId: 44,
  inputs: '1',
  elements: 'moved',
  stores16: false,
  params: { squeeze_w: int(0), squeeze_h: int(1), squeeze_d: int(11), squeeze_c: int(2), axes: ints(3) },
  check: ({ axes }) => checkAxes(axes),
  forward([x], { params }) {
    const names = axisNames(x.shape.length)
    const squeezed =
      params.axes.length > 0
        ? existingAxes(params.axes, names.length)
        : [...names.keys()].filter((axis) => params[`squeeze_${names[axis]}`] !== 0)
    const shape = x.shape.filter((length, axis) => length !== 1 || !squeezed.includes(axis))
    return x.share(shape.length > 0 ? shape : [1])
  },
})
