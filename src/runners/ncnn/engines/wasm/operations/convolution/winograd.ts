// 3x3 convolution by Winograd's algorithm, where useWinogradConvolution asks for it: fewer products, sums in another order.
import { packedLeftBytes, WeightType, type WinogradSize, winogradPlaces } from '../../../../../../kernels/ncnn.ts'
import type { Workspace } from '../../layer.ts'
import type { Blob } from '../../memory/blob.ts'
import { asFloat32 } from '../../precision/half-weights.ts'
import type { SumPrecision } from '../../precision/sums.ts'
import type { Surroundings } from './convolve.ts'
import type { FilterShape, Filters } from './filters.ts'
import type { Geometry, Window } from './geometry.ts'

/** With fewer channels the transforms cost more than the products that they save. */
const fewestChannels = 8

/** Transformed filters are four times as large for tiles of 4x4: with more than these, reading them costs what the products save. */
const mostFilters = 2 ** 17

/** Filters, transformed for tiles of `size` x `size` outputs. */
export interface WinogradFilters extends Filters {
  readonly size: WinogradSize
}

/**
 * The best of the allowed tiles; undefined without any, or where the algorithm does not apply or pay: for other than 3x3, stride and
 * dilation 1, one group, float32 sums, and for few channels.
 */
export function winogradSize(
  shape: FilterShape,
  window: Window,
  sums: SumPrecision,
  allowed: readonly WinogradSize[],
): WinogradSize | undefined {
  const { group, inputs, outputs } = shape
  const applies =
    sums === 'float32' && group === 1 && Math.min(inputs, outputs) >= fewestChannels && isWinogradWindow(window)
  if (!applies) return undefined
  const best = inputs * outputs <= mostFilters ? 4 : 2
  return allowed.includes(best) ? best : allowed[0]
}

/** Whether the window is 3x3 with a stride and a dilation of 1. */
export function isWinogradWindow({ kernel: [depth, height, width], stride, dilation }: Window): boolean {
  return depth === 1 && height === 3 && width === 3 && [...stride, ...dilation].every((step) => step === 1)
}

/** Transforms filters from the model and packs them; what they replace is released. */
export function winogradFilters(size: WinogradSize, filters: Filters, workspace: Workspace): WinogradFilters {
  const { inputs, outputs } = filters
  const { kernels, alloc, scratch } = workspace
  const [count, places] = [outputs * inputs, winogradPlaces(size)]
  const weight = asFloat32(filters.weight, workspace)
  const transformed = scratch([places, count])
  kernels.winogradFilters({ size, filters: weight.ptr, count, transformed: transformed.ptr })
  weight.release()
  const placeBytes = packedLeftBytes(outputs, inputs)
  const packed = alloc([places * placeBytes], 'uint8')
  for (let place = 0; place < places; place++) {
    const source = transformed.ptr + 4 * place * count
    kernels.packLeft({
      source,
      weightType: WeightType.float32,
      rowStride: inputs,
      depthStride: 1,
      m: outputs,
      k: inputs,
      packed: packed.ptr + place * placeBytes,
    })
  }
  return { ...filters, size, weight: packed, packed: true }
}

/** Convolves x into y with filters from {@link winogradFilters}. */
export function convolveWinograd(
  x: Blob,
  { size, inputs, outputs, weight, bias }: WinogradFilters,
  { input, output, before }: Geometry,
  { padValue, activation }: Surroundings,
  y: Blob,
  { kernels, scratch }: Workspace,
): void {
  const [, h, w] = input
  const [, outH, outW] = output
  const [, padTop, padLeft] = before
  kernels.winogradConvolution({
    size,
    input: x.ptr,
    inch: inputs,
    h,
    w,
    packedFilters: weight.ptr,
    bias: bias?.ptr ?? 0,
    output: y.ptr,
    outch: outputs,
    outH,
    outW,
    padTop,
    padLeft,
    padValue,
    activation: activation.type,
    activationA: activation.a,
    activationB: activation.b,
    scratch: scratch([kernels.winogradScratchBytes({ size, inch: inputs, outch: outputs, outH, outW })], 'uint8').ptr,
  })
}
