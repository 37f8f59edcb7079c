// CopyTo: one blob written over a part of another.
import { formatShape, rowMajorStrides, sameShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int, ints } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { copyStrided, viewOf } from '../operations/strided-copy.ts'
import { checkAxes, within } from '../param-checks.ts'
import { axisNames, chosenAxes, namedLengths, shapeOf } from '../shapes/axes.ts'

/** Stands for "from the beginning". */
const unset = -233

/** y = self, but y[starts + i] = source[i]; a source of the same shape replaces all */
export const CopyTo = defineLayer({
  type: 'CopyTo',
  binaryId: 99,
  inputs: '2',
  elements: 'moved',
  stores16: false,
  params: {
    woffset: int(0),
    hoffset: int(1),
    doffset: int(13),
    coffset: int(2),
    starts: ints(9),
    axes: ints(11),
  },
  check({ starts, axes }) {
    checkAxes(axes)
    within(0, 4, { 'the number of starts': starts.length })
    if (starts.length > 0 && axes.length > 0 && starts.length !== axes.length) {
      throw new NcnnError(`there are ${axes.length} axes, but ${starts.length} starts`)
    }
  },
  forward([self, source], { params }, workspace) {
    if (sameShape(self.shape, source.shape)) return source.share()
    if (self.dtype !== source.dtype) {
      throw new NcnnError(`a blob of ${source.dtype} cannot be copied into one of ${self.dtype}`)
    }
    const rank = self.shape.length
    const shape = shapeOf(rank, namedLengths(source.shape))
    const starts =
      params.starts.length > 0
        ? startsAlong(params.axes, params.starts, self.shape)
        : axisNames(rank).map((name) => params[`${name}offset`])
    const fits = shape.every((length, axis) => starts[axis] >= 0 && starts[axis] + length <= self.shape[axis])
    if (!fits || source.shape.length > rank) {
      throw new NcnnError(
        `${formatShape(source.shape)} at ${formatShape(starts)} reaches beyond ${formatShape(self.shape)}`,
      )
    }
    const y = workspace.alloc(self.shape, self.dtype)
    y.data.set(self.data)
    copyStrided(
      shape,
      { data: source.data, offset: 0, strides: rowMajorStrides(shape) },
      viewOf(y, starts),
      workspace.kernels,
    )
    return y
  },
})

/** Where to write along each axis; a negative start counts from the end. */
function startsAlong(axes: readonly number[], starts: readonly number[], shape: readonly number[]): number[] {
  const count = axes.length || shape.length
  if (starts.length < count) throw new NcnnError(`${count} axes need as many starts, found ${starts.length}`)
  const resolved = shape.map(() => 0)
  for (let i = 0; i < count; i++) {
    const [axis] = chosenAxes([axes.length > 0 ? axes[i] : i], shape.length)
    if (axis === undefined) continue
    const start = starts[i] === unset ? 0 : starts[i]
    resolved[axis] = start >= 0 ? start : start + shape[axis]
  }
  return resolved
}
