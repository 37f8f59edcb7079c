// Flip: the elements along some axes in reverse order.
import { ints } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { copyStrided, viewOf } from '../operations/strided-copy.ts'
import { checkAxes } from '../param-checks.ts'
import { chosenAxes } from '../shapes/axes.ts'

/** y = x read backwards along `axes`; a vector has one axis to choose from */
export const Flip = defineLayer({
  type: 'Flip',
  binaryId: 107,
  inputs: '1',
  elements: 'moved',
  stores16: false,
  params: { axes: ints(0) },
  check: ({ axes }) => checkAxes(axes),
  forward([x], { params: { axes } }, workspace) {
    if (axes.length === 0) return x.share()
    const rank = x.shape.length
    const flipped = chosenAxes(axes, rank)
    const y = workspace.alloc(x.shape, x.dtype)
    const last = x.shape.map((length, axis) => (flipped.includes(axis) ? length - 1 : 0))
    const source = viewOf(x, last)
    const strides = source.strides.map((stride, axis) => (flipped.includes(axis) ? -stride : stride))
    copyStrided(x.shape, { ...source, strides }, viewOf(y), workspace.kernels)
    return y
  },
})
