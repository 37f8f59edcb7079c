// Deconvolution (transposed convolution) of float images: every input element spreads over the outputs under the kernel.
import { Activation, gemmScratchBytes, Initial, packedLeftBytes, WeightType } from '../../../../../../kernels/ncnn.ts'
import type { Workspace } from '../../layer.ts'
import type { Blob, BlobArray } from '../../memory/blob.ts'
import { packOf } from '../../precision/arm-layout.ts'
import type { SumPrecision } from '../../precision/sums.ts'
import { activate, type FusedActivation } from '../fused-activation.ts'
import type { FilterShape } from './filters.ts'
import { type Geometry, volumeOf } from './geometry.ts'
import { deconvolveInHalf, type HalfSpreading } from './half-deconvolution.ts'
import { allRows, spreadRows, spreadTap } from './spread.ts'

/** Filters of a deconvolution: input channel q of group g spreads over the outputs of that group. */
export interface SpreadingFilters extends FilterShape {
  /** [group][inputs][outputs / group][depth][height][width], or packed where the matrix product wants it so ({@link isProduct}). */
  readonly weight: Blob
  /** Weights are [group][outputs / group][depth][height][width][inputs], as a matrix product in half precision reads them. */
  readonly hasRows?: boolean
  readonly bias: Blob | undefined
}

/** Whether these filters are applied as a matrix product of packed weights. With one channel to read there is nothing to sum. */
export function isProduct({ inputs }: FilterShape, sums: SumPrecision): boolean {
  return sums === 'float32' && inputs > 1
}

/** Most elements that are kept between matrix product and spreading. */
const maxBlockElements = 2 ** 20

/** y = activation(bias + what x spreads), by the kernels, in half precision or in float64. */
export function deconvolve(
  x: Blob,
  filters: SpreadingFilters,
  geometry: Geometry,
  prepared: HalfSpreading & { readonly sums: SumPrecision },
  y: Blob,
  workspace: Workspace,
): void {
  const { sums, activation, depthwise, layout } = prepared
  // ncnn's ARM code sums in float32 where it takes channels one by one.
  const oneByOne = depthwise && packOf(filters.group, layout) === 1
  if (sums === 'float32' || (sums === 'float16' && oneByOne))
    deconvolveInFloat32(x, filters, geometry, activation, y, workspace)
  else if (sums === 'float16') deconvolveInHalf(x, filters, geometry, prepared, y, workspace)
  else deconvolvePlain(x, filters, geometry, activation, y)
}

/** The textbook deconvolution, an output channel at a time with sums in float64. */
function deconvolvePlain(
  x: Blob,
  { group, outputs, inputs, weight, bias }: SpreadingFilters,
  geometry: Geometry,
  activation: FusedActivation,
  y: Blob,
): void {
  const [source, factors, offsets, target] = [x.data, weight.data, bias?.data, y.data]
  const groupOutputs = outputs / group
  const inputSize = volumeOf(geometry.input)
  const taps = volumeOf(geometry.kernel)
  const sums = new Float64Array(volumeOf(geometry.output))
  for (let p = 0; p < outputs; p++) {
    const g = Math.floor(p / groupOutputs)
    sums.fill(offsets ? offsets[p] : 0)
    for (let q = g * inputs; q < (g + 1) * inputs; q++) {
      const first = (q * groupOutputs + (p % groupOutputs)) * taps
      for (let tap = 0; tap < taps; tap++) {
        spreadTap(source, q * inputSize, factors[first + tap], tap, geometry, sums, 0)
      }
    }
    const at = p * sums.length
    for (let i = 0; i < sums.length; i++) target[at + i] = activate(sums[i], activation)
  }
}

/** The same by the kernels, which spread over the biases. */
function deconvolveInFloat32(
  x: Blob,
  filters: SpreadingFilters,
  geometry: Geometry,
  { type, a, b }: FusedActivation,
  y: Blob,
  workspace: Workspace,
): void {
  const outputSize = volumeOf(geometry.output)
  const [offsets, target] = [filters.bias?.data, y.data]
  for (let p = 0; p < filters.outputs; p++) target.fill(offsets?.[p] ?? 0, p * outputSize, (p + 1) * outputSize)
  if (isProduct(filters, 'float32')) spreadProducts(x, filters, geometry, y, workspace)
  else spreadInputs(x, filters, geometry, y, workspace)
  if (type !== Activation.none)
    workspace.kernels.activate({
      activation: type,
      input: y.ptr,
      output: y.ptr,
      n: y.length,
      activationA: a,
      activationB: b,
    })
}

/** Groups of one input channel: each output is a spread channel, and there are no products to sum. */
function spreadInputs(
  x: Blob,
  { group, outputs, weight }: SpreadingFilters,
  geometry: Geometry,
  y: Blob,
  workspace: Workspace,
): void {
  const inputSize = volumeOf(geometry.input)
  const outputSize = volumeOf(geometry.output)
  const taps = volumeOf(geometry.kernel)
  // In groups of one output channel the next output reads the next input; in others all of a group read the same.
  const [channels, channelStride] = outputs === group ? [group, inputSize] : [outputs / group, 0]
  for (let p = 0; p < outputs; p += channels) {
    const source = x.ptr + 4 * Math.floor(p / channels) * inputSize
    const images = { source, channels, channelStride, tapStride: 0, weights: weight.ptr + 4 * p * taps }
    spreadRows(images, allRows(geometry), geometry, y.ptr + 4 * p * outputSize, workspace)
  }
}

/** Weights times inputs is a matrix product; its rows, one for each output channel and tap, are then spread over the outputs. */
function spreadProducts(
  x: Blob,
  { group, outputs, inputs, weight }: SpreadingFilters,
  geometry: Geometry,
  y: Blob,
  workspace: Workspace,
): void {
  const { kernels, scratch } = workspace
  const groupOutputs = outputs / group
  const inputSize = volumeOf(geometry.input)
  const outputSize = volumeOf(geometry.output)
  const taps = volumeOf(geometry.kernel)
  const products = groupOutputs * taps
  const width = geometry.input[2]
  const { count: rowCount } = allRows(geometry)
  const blockRows = Math.min(Math.max(Math.floor(maxBlockElements / (products * width)), 1), rowCount)
  const block = scratch([products, blockRows * width])
  const gemmScratch = scratch([gemmScratchBytes], 'uint8').ptr

  for (let g = 0; g < group; g++) {
    const packed = weight.ptr + g * packedLeftBytes(products, inputs)
    for (let first = 0; first < rowCount; first += blockRows) {
      const rows = { first, count: Math.min(blockRows, rowCount - first) }
      const columns = rows.count * width
      const input = x.ptr + 4 * (g * inputs * inputSize + first * width)
      kernels.gemmLeft({
        packedA: packed,
        b: input,
        depthStride: inputSize,
        columnStride: 1,
        c: block.ptr,
        ldc: columns,
        m: products,
        n: columns,
        k: inputs,
        initial: Initial.zero,
        scratch: gemmScratch,
      })
      const images = {
        source: block.ptr,
        channels: groupOutputs,
        channelStride: taps * columns,
        tapStride: columns,
        weights: 0,
      }
      spreadRows(images, rows, geometry, y.ptr + 4 * g * groupOutputs * outputSize, workspace)
    }
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

/** Reorders weights from [group][outputs][inputs][taps] to [group][outputs][taps][inputs]. */
export function tapsFirst({ outputs, inputs, kernel }: FilterShape, source: BlobArray, target: BlobArray): void {
  const taps = volumeOf(kernel)
  let read = 0
  for (let p = 0; p < outputs; p++) {
    for (let q = 0; q < inputs; q++) {
      for (let tap = 0; tap < taps; tap++) target[(p * taps + tap) * inputs + q] = source[read++]
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
    kernels.packLeft({
      source,
      weightType: WeightType.float32,
      rowStride: 1,
      depthStride: rows,
      m: rows,
      k: inputs,
      packed: packed.ptr + g * groupBytes,
    })
  }
  return packed
}
