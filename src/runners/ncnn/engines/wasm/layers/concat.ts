// Concat: blobs joined along an axis.
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { copyStrided, viewOf } from '../operations/strided-copy.ts'
import { alongAxis } from '../shapes/axes.ts'

/** y = x0, x1, ... one after the other along `axis` */
export const Concat = defineLayer({
  type: 'Concat',
  binaryId: 5,
  inputs: '1+',
  elements: 'moved',
  stores16: true,
  params: { axis: int(0) },
  forward(inputs, { params }, workspace) {
    const [first] = inputs
    const axis = alongAxis(params.axis, first.shape.length)
    checkAlike(inputs, axis)
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis], 0)
    const y = workspace.alloc(first.shape.with(axis, total), first.dtype)
    const starts = first.shape.map(() => 0)
    for (const x of inputs) {
      copyStrided(x.shape, viewOf(x), viewOf(y, starts), workspace.kernels)
      starts[axis] += x.shape[axis]
    }
    return y
  },
})

function checkAlike([first, ...others]: readonly [Blob, ...Blob[]], axis: number): void {
  for (const { shape, dtype } of others) {
    if (shape.length !== first.shape.length || shape.some((length, i) => i !== axis && length !== first.shape[i])) {
      throw new NcnnError(
        `${formatShape(shape)} cannot be joined to ${formatShape(first.shape)} along axis ${axis}: all other lengths must agree`,
      )
    }
    if (dtype !== first.dtype) throw new NcnnError(`a blob of ${dtype} cannot be joined to one of ${first.dtype}`)
  }
}
