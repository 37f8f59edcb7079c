// Deconvolution (transposed convolution) of float images: every input element spreads over the outputs under the kernel.
import { Activation, GEMM_SCRATCH_BYTES, Initial, packedLeftBytes, WeightType } from '../../../../../kernels/ncnn.ts'
import type { Blob, BlobArray } from '../blob.ts'
import { activate, type FusedActivation } from '../fused-activation.ts'
import type { Workspace } from '../layer.ts'
import { roundAll, roundingOf, type SumPrecision } from '../sums.ts'
import type { FilterShape } from './filters.ts'
import { type Geometry, volumeOf } from './geometry.ts'

/** Filters of a deconvolution: input channel q of group g spreads over the outputs of that group. */
export interface SpreadingFilters extends FilterShape {
  /** [group][inputs][outputs / group][depth][height][width], or packed where the matrix product wants it so ({@link isProduct}). */
  readonly weight: Blob
  readonly bias: Blob | undefined
}

/** Whether these filters are applied as a matrix product of packed weights. With one channel to read there is nothing to sum. */
export function isProduct({ inputs }: FilterShape, sums: SumPrecision): boolean {
  return sums === 'float32' && inputs > 1
}

/** Most elements that are kept between matrix product and spreading. */
const maxBlockElements = 2 ** 20

/** y = activation(bias + what x spreads), by the matrix product kernel or in float64. */
export function deconvolve(
  x: Blob,
  filters: SpreadingFilters,
  geometry: Geometry,
  { activation, sums }: { readonly activation: FusedActivation; readonly sums: SumPrecision },
  y: Blob,
  workspace: Workspace,
): void {
  if (isProduct(filters, sums)) spreadProducts(x, filters, geometry, activation, y, workspace)
  else deconvolvePlain(x, filters, geometry, activation, sums, y)
}

/** The textbook deconvolution, an output channel at a time with sums in float64. */
function deconvolvePlain(
  x: Blob,
  { group, outputs, inputs, weight, bias }: SpreadingFilters,
  geometry: Geometry,
  activation: FusedActivation,
  precision: SumPrecision,
  y: Blob,
): void {
  const round = roundingOf(precision)
  const [source, factors, offsets, target] = [x.data, weight.data, bias?.data, y.data]
  const groupOutputs = outputs / group
  const inputSize = volumeOf(geometry.input)
  const taps = volumeOf(geometry.kernel)
  const sums = new Float64Array(volumeOf(geometry.output))
  for (let p = 0; p < outputs; p++) {
    const g = Math.floor(p / groupOutputs)
    sums.fill(offsets ? offsets[p] : 0)
    roundAll(sums, round)
    for (let q = g * inputs; q < (g + 1) * inputs; q++) {
      const first = (q * groupOutputs + (p % groupOutputs)) * taps
      for (let tap = 0; tap < taps; tap++) {
        spreadTap(source, q * inputSize, factors[first + tap], tap, allRows(geometry), geometry, sums, 0)
        roundAll(sums, round)
      }
    }
    const at = p * sums.length
    for (let i = 0; i < sums.length; i++) target[at + i] = activate(sums[i], activation)
  }
}

/** Weights times inputs is a matrix product; its rows, one for each output channel and tap, are then spread over the outputs. */
function spreadProducts(
  x: Blob,
  { group, outputs, inputs, weight, bias }: SpreadingFilters,
  geometry: Geometry,
  activation: FusedActivation,
  y: Blob,
  { kernels, scratch }: Workspace,
): void {
  const groupOutputs = outputs / group
  const inputSize = volumeOf(geometry.input)
  const outputSize = volumeOf(geometry.output)
  const taps = volumeOf(geometry.kernel)
  const products = groupOutputs * taps
  const width = geometry.input[2]
  const { count: rowCount } = allRows(geometry)
  const blockRows = Math.min(Math.max(Math.floor(maxBlockElements / (products * width)), 1), rowCount)
  const block = scratch([products, blockRows * width])
  const gemmScratch = scratch([GEMM_SCRATCH_BYTES], 'uint8').ptr
  const [source, offsets, target] = [block.data, bias?.data, y.data]

  for (let p = 0; p < outputs; p++) target.fill(offsets ? offsets[p] : 0, p * outputSize, (p + 1) * outputSize)
  for (let g = 0; g < group; g++) {
    const packed = weight.ptr + g * packedLeftBytes(products, inputs)
    for (let first = 0; first < rowCount; first += blockRows) {
      const rows = { first, count: Math.min(blockRows, rowCount - first) }
      const columns = rows.count * width
      const input = x.ptr + 4 * (g * inputs * inputSize + first * width)
      kernels.gemmLeft(
        packed,
        input,
        inputSize,
        1,
        block.ptr,
        columns,
        products,
        columns,
        inputs,
        Initial.zero,
        0,
        Activation.none,
        0,
        0,
        gemmScratch,
      )
      for (let product = 0; product < products; product++) {
        const p = g * groupOutputs + Math.floor(product / taps)
        spreadTap(source, product * columns, 1, product % taps, rows, geometry, target, p * outputSize)
      }
    }
  }
  if (activation.type !== Activation.none) {
    kernels.activate(activation.type, y.ptr, y.ptr, y.length, activation.a, activation.b)
  }
}

/** Rows of an image, counted through all its planes. */
interface Rows {
  readonly first: number
  readonly count: number
}

const allRows = ({ input: [depth, height] }: Geometry): Rows => ({ first: 0, count: depth * height })

/**
 * Adds `weight` times some input rows, which lie dense from `start` on, to the places in an output channel under one tap.
 * @param origin index of the output channel's first element
 */
function spreadTap(
  source: BlobArray,
  start: number,
  weight: number,
  tap: number,
  rows: Rows,
  { kernel, stride, dilation, input, output, before }: Geometry,
  target: BlobArray,
  origin: number,
): void {
  const [, inH, inW] = input
  const [outD, outH, outW] = output
  const kx = tap % kernel[2]
  const ky = Math.floor(tap / kernel[2]) % kernel[1]
  const kz = Math.floor(tap / (kernel[1] * kernel[2]))
  const shift = kx * dilation[2] - before[2]
  const first = Math.max(Math.ceil(-shift / stride[2]), 0)
  const end = Math.min(Math.ceil((outW - shift) / stride[2]), inW)
  for (let row = rows.first; row < rows.first + rows.count; row++, start += inW) {
    const oz = Math.floor(row / inH) * stride[0] + kz * dilation[0] - before[0]
    const oy = (row % inH) * stride[1] + ky * dilation[1] - before[1]
    if (oz < 0 || oz >= outD || oy < 0 || oy >= outH) continue
    let at = origin + (oz * outH + oy) * outW + first * stride[2] + shift
    for (let ix = first; ix < end; ix++, at += stride[2]) target[at] += weight * source[start + ix]
  }
}

/** Reorders weights from [group][outputs][inputs][taps] to [group][inputs][outputs][taps]. */
export function exchangeChannels(shape: FilterShape, source: BlobArray, target: BlobArray): void {
  const { group, inputs } = shape
  const outputs = shape.outputs / group
  const taps = volumeOf(shape.kernel)
  let read = 0
  for (let g = 0; g < group; g++) {
    for (let p = 0; p < outputs; p++) {
      for (let q = 0; q < inputs; q++, read += taps) {
        target.set(source.subarray(read, read + taps), ((g * inputs + q) * outputs + p) * taps)
      }
    }
  }
}

/** Packs weights [group][inputs][outputs][taps] for the matrix product, into memory from `alloc`. */
export function packProducts(
  shape: FilterShape,
  weight: Blob,
  { kernels }: Workspace,
  alloc: Workspace['alloc'],
): Blob {
  const { group, outputs, inputs, kernel } = shape
  const rows = (outputs / group) * volumeOf(kernel)
  const groupBytes = packedLeftBytes(rows, inputs)
  const packed = alloc([group * groupBytes], 'uint8')
  for (let g = 0; g < group; g++) {
    const source = weight.ptr + 4 * g * rows * inputs
    kernels.packLeft(source, WeightType.float32, 1, rows, rows, inputs, packed.ptr + g * groupBytes)
  }
  return packed
}
