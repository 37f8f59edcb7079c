// Slice: a blob taken apart along an axis.
import { NcnnError } from '../../../error.ts'
import { int, ints } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { copyStrided, viewOf } from '../operations/strided-copy.ts'
import { within } from '../param-checks.ts'
import { alongAxis } from '../shapes/axes.ts'

/** Stands for "an equal share of what is left" among slices. */
const equalShare = -233

/** y0, y1, ... = parts of x along `axis`, of the lengths in `slices` or cut at `indices` */
export const Slice = defineLayer({
  type: 'Slice',
  binaryId: 31,
  inputs: '1',
  elements: 'moved',
  stores16: true,
  params: { slices: ints(0), axis: int(1), indices: ints(2) },
  check({ slices, axis }) {
    within(-4, 3, { axis })
    const odd = slices.find((slice) => slice < 1 && slice !== equalShare)
    if (odd !== undefined)
      throw new NcnnError(`slices must be lengths, or ${equalShare} for an equal share, found ${odd}`)
  },
  forward([x], { params: { slices, axis: wantedAxis, indices }, outputCount }, workspace) {
    const axis = alongAxis(wantedAxis, x.shape.length)
    const length = x.shape[axis]
    const lengths =
      indices.length > 0 ? lengthsBetween(indices, length, outputCount) : lengthsFromShares(slices, length, outputCount)
    // Parts of which each is one piece of the blob are not copied.
    if (x.shape.slice(0, axis).every((outer) => outer === 1)) {
      let start = 0
      return lengths.map((part) => {
        const y = x.part(start, x.shape.with(axis, part))
        start += y.length
        return y
      })
    }
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
