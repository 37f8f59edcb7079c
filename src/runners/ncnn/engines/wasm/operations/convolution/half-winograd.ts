// 3x3 convolution by Winograd's algorithm in half precision: where ncnn's ARM code takes it, and its filters.
// Source: Tencent/ncnn, src/layer/arm: Convolution_arm::create_pipeline_fp16s and create_pipeline_bf16s, convolution_3x3_winograd_fp16s.h.
import { packedLeftBytes, WeightType } from '../../../../../../kernels/ncnn.ts'
import type { Workspace } from '../../layer.ts'
import type { Blob } from '../../memory/blob.ts'
import type { ArmLayout, ArmTile } from '../../precision/arm-layout.ts'
import { type HalfOrder, storeOrder, throughBlocks } from '../half-order.ts'
import type { FilterShape, Filters } from './filters.ts'
import { type Geometry, volumeOf, type Window } from './geometry.ts'

/** Filters, transformed for tiles of `size` x `size` outputs. */
export interface HalfWinogradFilters extends Filters {
  readonly size: ArmTile
  readonly order: HalfOrder
}

const root = Math.sqrt(2)

/** What the transformed filters of one dimension are made of: a row for each place. */
const transforms: Readonly<Record<ArmTile, readonly (readonly [number, number, number])[]>> = {
  2: [
    [1, 0, 0],
    [1 / 2, 1 / 2, 1 / 2],
    [1 / 2, -1 / 2, 1 / 2],
    [0, 0, 1],
  ],
  4: [
    [1, 0, 0],
    [-2 / 3, -root / 3, -1 / 3],
    [-2 / 3, root / 3, -1 / 3],
    [1 / 6, root / 6, 1 / 3],
    [1 / 6, -root / 6, 1 / 3],
    [0, 0, 1],
  ],
  6: [
    [1, 0, 0],
    [-2 / 9, -2 / 9, -2 / 9],
    [-2 / 9, 2 / 9, -2 / 9],
    [1 / 90, 1 / 45, 2 / 45],
    [1 / 90, -1 / 45, 2 / 45],
    [1 / 45, 1 / 90, 1 / 180],
    [1 / 45, -1 / 90, 1 / 180],
    [0, 0, 1],
  ],
}

/** Filters that ncnn transforms on ARM, from float32, whatever it stores otherwise; it takes the algorithm from as many channels on. */
export function isArmWinograd(
  { group, inputs, outputs }: FilterShape,
  { kernel, stride, dilation }: Window,
  { tiles }: ArmLayout,
  fewestChannels: number,
): boolean {
  const [depth, height, width] = kernel
  const is3x3 = depth === 1 && height === 3 && width === 3 && volumeOf(stride) === 1 && volumeOf(dilation) === 1
  return tiles.length > 0 && group === 1 && is3x3 && Math.max(inputs, outputs) >= fewestChannels
}

/** With more channels on either side the largest tiles are not taken, with fewer on both only the smallest. */
const [mostForLargest, fewestForLarge] = [128, 16]

/** The tiles that ncnn takes for sums in half precision. */
function tileOf({ inputs, outputs }: FilterShape, { tiles }: ArmLayout): ArmTile {
  if (tiles.includes(6) && Math.max(inputs, outputs) <= mostForLargest) return 6
  return tiles.includes(4) && Math.min(inputs, outputs) >= fewestForLarge ? 4 : 2
}

/** Transforms float32 filters from the model and packs them; what they replace is released. */
export function halfWinogradFilters(filters: Filters, layout: ArmLayout, workspace: Workspace): HalfWinogradFilters {
  const { inputs, outputs, bias } = filters
  const { kernels, alloc } = workspace
  if (bias !== undefined) kernels.roundToHalf({ data: bias.ptr, n: bias.length })
  const size = tileOf(filters, layout)
  const places = (size + 2) * (size + 2)
  const transformed = transform(filters.weight, transforms[size], workspace)
  filters.weight.release()
  const placeBytes = packedLeftBytes(outputs, inputs)
  const packed = alloc([places * placeBytes], 'uint8')
  for (let place = 0; place < places; place++) {
    kernels.packLeft({
      source: transformed.ptr + 4 * place * outputs * inputs,
      weightType: WeightType.float32,
      rowStride: inputs,
      depthStride: 1,
      m: outputs,
      k: inputs,
      packed: packed.ptr + place * placeBytes,
    })
  }
  return { ...filters, weight: packed, packed: true, size, order: storeOrder(throughBlocks(inputs, 1, 1), workspace) }
}

/** Filters [count][3][3] to halves [column][row][count] of their transforms. */
function transform(
  weight: Blob,
  matrix: readonly (readonly [number, number, number])[],
  { kernels, scratch }: Workspace,
): Blob {
  const edge = matrix.length
  const count = weight.length / 9
  const result = scratch([edge * edge, count], 'float32')
  const [source, target] = [weight.data, result.data]
  const rows = new Float64Array(3)
  for (let i = 0; i < count; i++) {
    for (let column = 0; column < edge; column++) {
      const [a, b, c] = matrix[column]
      for (let y = 0; y < 3; y++) {
        const at = i * 9 + y * 3
        rows[y] = a * source[at] + b * source[at + 1] + c * source[at + 2]
      }
      for (let row = 0; row < edge; row++) {
        const [d, e, f] = matrix[row]
        target[(column * edge + row) * count + i] = d * rows[0] + e * rows[1] + f * rows[2]
      }
    }
  }
  kernels.roundToHalf({ data: result.ptr, n: result.length })
  return result
}

/** Convolves x into y. */
export function convolveHalfWinograd(
  x: Blob,
  { size, inputs, outputs, weight, bias, order }: HalfWinogradFilters,
  { input, output, before }: Geometry,
  padValue: number,
  y: Blob,
  { kernels, scratch }: Workspace,
): void {
  const [, h, w] = input
  const [, outH, outW] = output
  const [, padTop, padLeft] = before
  kernels.halfWinograd({
    size,
    input: x.ptr,
    inch: inputs,
    h,
    w,
    packedFilters: weight.ptr,
    order: order.order.ptr,
    ends: order.ends.ptr,
    bias: bias?.ptr ?? 0,
    output: y.ptr,
    outch: outputs,
    outH,
    outW,
    padTop,
    padLeft,
    padValue,
    scratch: scratch([kernels.halfWinogradScratchBytes({ size, inch: inputs, outW })], 'uint8').ptr,
  })
}
