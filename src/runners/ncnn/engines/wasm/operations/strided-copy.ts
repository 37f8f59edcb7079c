// Copies elements between two n-dimensional layouts. Slicing, permuting, tiling and shuffling are all this, with other strides.
import type { NcnnKernels } from '../../../../../kernels/ncnn.ts'
import { rowMajorStrides } from '../../../../../tensor/shape.ts'
import type { Blob, BlobArray } from '../memory/blob.ts'

/** Elements of an array in an order of their own: element i lies at `offset + sum(i[axis] * strides[axis])`. */
export interface StridedView {
  readonly data: BlobArray
  readonly offset: number
  /** In elements; 0 repeats an axis, a negative one walks backwards. */
  readonly strides: readonly number[]
}

/** A blob as it is, or the part of it that begins at `starts`. */
export function viewOf(blob: Blob, starts?: readonly number[]): StridedView {
  const strides = rowMajorStrides(blob.shape)
  const offset = starts === undefined ? 0 : starts.reduce((sum, start, axis) => sum + start * strides[axis], 0)
  return { data: blob.data, offset, strides }
}

/** Axes that the kernel knows. */
const kernelAxes = 4

/** target[i] = source[i] for every index i of `shape`. The views must not overlap. With `kernels` both lie in their memory. */
export function copyStrided(
  shape: readonly number[],
  source: StridedView,
  target: StridedView,
  kernels?: Pick<NcnnKernels, 'copyStrided'>,
): void {
  if (shape.includes(0)) return
  const axes = mergeAxes(shape, source.strides, target.strides)
  const fast = kernels !== undefined && source.data.BYTES_PER_ELEMENT === 4 && target.data.BYTES_PER_ELEMENT === 4
  const inner = axes.splice(Math.max(axes.length - (fast ? kernelAxes : 1), 0))
  forEachOffset(
    axes,
    source.offset,
    target.offset,
    fast ? copyByKernel(inner, source, target, kernels) : copyRow(inner, source, target),
  )
}

type CopyPart = (from: number, to: number) => void

/** Calls `copy` with the offsets of every index of the axes. */
function forEachOffset(axes: readonly Axis[], sourceOffset: number, targetOffset: number, copy: CopyPart): void {
  const index = axes.map(() => 0)
  let from = sourceOffset
  let to = targetOffset
  for (;;) {
    copy(from, to)
    let axis = axes.length - 1
    for (; axis >= 0; axis--) {
      const { length, source, target } = axes[axis]
      from += source
      to += target
      index[axis]++
      if (index[axis] < length) break
      from -= source * length
      to -= target * length
      index[axis] = 0
    }
    if (axis < 0) return
  }
}

const single: Axis = { length: 1, source: 0, target: 0 }

function copyByKernel(
  axes: readonly Axis[],
  { data: source }: StridedView,
  { data: target }: StridedView,
  kernels: Pick<NcnnKernels, 'copyStrided'>,
): CopyPart {
  const count = axes.length
  const fromInside = (index: number): Axis => (index < count ? axes[count - 1 - index] : single)
  const [a, b, c, d] = [fromInside(3), fromInside(2), fromInside(1), fromInside(0)]
  return (from, to) =>
    kernels.copyStrided({
      source: source.byteOffset + 4 * from,
      s0: a.source,
      s1: b.source,
      s2: c.source,
      s3: d.source,
      destination: target.byteOffset + 4 * to,
      d0: a.target,
      d1: b.target,
      d2: c.target,
      d3: d.target,
      n0: a.length,
      n1: b.length,
      n2: c.length,
      n3: d.length,
    })
}

function copyRow(
  [row = single]: readonly Axis[],
  { data: source }: StridedView,
  { data: target }: StridedView,
): CopyPart {
  const { length, source: sourceStride, target: targetStride } = row
  if (sourceStride === 1 && targetStride === 1) {
    return (from, to) => target.set(source.subarray(from, from + length), to)
  }
  return (from, to) => {
    for (let i = 0; i < length; i++) target[to + i * targetStride] = source[from + i * sourceStride]
  }
}

interface Axis {
  length: number
  readonly source: number
  readonly target: number
}

/** Drops axes of length 1 and joins neighbours that follow each other without a gap in both views: longer rows, fewer of them. */
function mergeAxes(shape: readonly number[], source: readonly number[], target: readonly number[]): Axis[] {
  const axes: Axis[] = []
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const inner = axes.at(-1)
    const length = shape[axis]
    if (length === 1) continue
    if (inner && source[axis] === inner.source * inner.length && target[axis] === inner.target * inner.length) {
      inner.length *= length
    } else axes.push({ length, source: source[axis], target: target[axis] })
  }
  return axes.reverse()
}
