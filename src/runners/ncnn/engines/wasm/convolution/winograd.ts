// 3x3 convolution by Winograd's algorithm, where useWinogradConvolution asks for it: a quarter of the products, sums in another order.
import { packedLeftBytes, WeightType, WINOGRAD_PLACES } from '../../../../../kernels/ncnn.ts'
import type { Blob } from '../blob.ts'
import { asFloat32 } from '../half-weights.ts'
import type { Workspace } from '../layer.ts'
import type { SumPrecision } from '../sums.ts'
import type { Surroundings } from './convolve.ts'
import type { FilterShape, Filters } from './filters.ts'
import type { Geometry, Window } from './geometry.ts'

/** With fewer channels the transforms cost more than the products that they save. */
const fewestChannels = 8

/** Transformed filters are four times as large: beyond this many, reading them costs more than the products that they save. */
const mostFilters = 2 ** 17

/** Whether the algorithm applies and pays: 3x3, stride and dilation 1, one group, float32 sums, neither too few channels nor too many. */
export function isWinograd(shape: FilterShape, { kernel, stride, dilation }: Window, sums: SumPrecision): boolean {
  const { group, inputs, outputs } = shape
  const [depth, height, width] = kernel
  return (
    sums === 'float32' &&
    group === 1 &&
    Math.min(inputs, outputs) >= fewestChannels &&
    inputs * outputs <= mostFilters &&
    depth === 1 &&
    height === 3 &&
    width === 3 &&
    [...stride, ...dilation].every((step) => step === 1)
  )
}

/** Transforms filters from the model and packs them; what they replace is released. */
export function winogradFilters(filters: Filters, workspace: Workspace): Filters {
  const { inputs, outputs } = filters
  const { kernels, alloc, scratch } = workspace
  const count = outputs * inputs
  const weight = asFloat32(filters.weight, workspace)
  const transformed = scratch([WINOGRAD_PLACES, count])
  kernels.winogradFilters(weight.ptr, count, transformed.ptr)
  weight.release()
  const placeBytes = packedLeftBytes(outputs, inputs)
  const packed = alloc([WINOGRAD_PLACES * placeBytes], 'uint8')
  for (let place = 0; place < WINOGRAD_PLACES; place++) {
    const source = transformed.ptr + 4 * place * count
    kernels.packLeft(source, WeightType.float32, inputs, 1, outputs, inputs, packed.ptr + place * placeBytes)
  }
  return { ...filters, weight: packed, packed: true }
}

/** Convolves x into y with filters from {@link winogradFilters}. */
export function convolveWinograd(
  x: Blob,
  { inputs, outputs, weight, bias }: Filters,
  { input, output, before }: Geometry,
  { padValue, activation }: Surroundings,
  y: Blob,
  { kernels, scratch }: Workspace,
): void {
  const [, h, w] = input
  const [, outH, outW] = output
  const [, padTop, padLeft] = before
  kernels.winogradConvolution(
    x.ptr,
    inputs,
    h,
    w,
    weight.ptr,
    bias?.ptr ?? 0,
    y.ptr,
    outputs,
    outH,
    outW,
    padTop,
    padLeft,
    padValue,
    activation.type,
    activation.a,
    activation.b,
    scratch([kernels.winogradScratchBytes(inputs, outputs, outH, outW)], 'uint8').ptr,
  )
}
