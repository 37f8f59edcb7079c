// Softmax of elements that are stored in 16 bits, in the order in which ncnn's ARM code adds them up.
// Source: Tencent/ncnn, src/layer/arm/softmax_arm.cpp and softmax_arm_asimdhp.cpp.
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import type { Storage16 } from '../precision/reduced-precision.ts'
import type { AxisView } from '../shapes/axis-view.ts'

/**
 * y = e^(x - max) / sum along the middle axis of the view, in place.
 * @param pack in how many ncnn packs the elements of the outermost axis: 8, 4 or 1
 */
export function storedSoftmax(
  y: Blob,
  { axis, outer, length, inner }: AxisView,
  pack: number,
  storage: Storage16,
  { kernels }: Workspace,
): void {
  const isVector = y.shape.length === 1
  // A vector of eight halves holds 8 / pack neighbours of a row, each of which has a sum of its own.
  const isRow = inner === 1 && (axis > 0 || isVector)
  const lanes = isRow ? 8 / (isVector ? 1 : pack) : 0
  const block = axis === 0 && !isVector ? pack : 1
  const single = Number(isVector || pack === 1)
  kernels.storedSoftmax({
    data: y.ptr,
    outer,
    length,
    inner,
    block,
    lanes,
    inHalf: Number(storage === 'float16'),
    single,
  })
}
