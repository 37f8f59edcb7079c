// Concat and Slice: joining blobs along an axis, and taking them apart.
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int, ints } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { copyStrided, viewOf } from '../operations/strided-copy.ts'
import { resolveAxis } from '../shapes/axes.ts'

/** Stands for "an equal share of what is left" among slices. */
const equalShare = -233

/** The axis a layer works along; blobs of one axis have no choice, whatever the parameter says. */
const alongAxis = (axis: number, rank: number): number => (rank === 1 ? 0 : resolveAxis(axis, rank))

/** y = x0, x1, ... one after the other along `axis` */
export const Concat = defineLayer({
  type: 'Concat',
  inputs: '1+',
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

/** y0, y1, ... = parts of x along `axis`, of the lengths in `slices` or cut at `indices` */
export const Slice = defineLayer({
  type: 'Slice',
  inputs: '1',
  params: { slices: ints(0), axis: int(1), indices: ints(2) },
  forward([x], { params: { slices, axis: wantedAxis, indices }, outputCount }, workspace) {
    const axis = alongAxis(wantedAxis, x.shape.length)
    const length = x.shape[axis]
    const lengths =
      indices.length > 0 ? lengthsBetween(indices, length, outputCount) : lengthsFromShares(slices, length, outputCount)
    const outputs = lengths.map((part) => workspace.alloc(x.shape.with(axis, part), x.dtype))
    const starts = x.shape.map(() => 0)
    for (const y of outputs) {
      copyStrided(y.shape, viewOf(x, starts), viewOf(y), workspace.kernels)
      starts[axis] += y.shape[axis]
    }
    return outputs
  },
})

function lengthsFromShares(slices: readonly number[], length: number, count: number): number[] {
  if (slices.length < count) throw new NcnnError(`${count} outputs need ${count} slices, found ${slices.length}`)
  let start = 0
  return slices.slice(0, count).map((slice, i) => {
    const part = slice === equalShare ? Math.trunc((length - start) / (count - i)) : slice
    checkPart(start, part, length)
    start += part
    return part
  })
}

function lengthsBetween(indices: readonly number[], length: number, count: number): number[] {
  if (indices.length < count - 1) {
    throw new NcnnError(`${count} outputs need ${count - 1} indices, found ${indices.length}`)
  }
  let start = 0
  return Array.from({ length: count }, (_, i) => {
    const index = i === count - 1 ? length : indices[i]
    const part = (index < 0 ? index + length : index) - start
    checkPart(start, part, length)
    start += part
    return part
  })
}

function checkPart(start: number, part: number, length: number): void {
  if (part > 0 && start + part <= length) return
  throw new NcnnError(`a slice would hold ${part} elements from ${start} on, but the axis has ${length}`)
}
