// Convolution whose sums are taken in half precision, in the order of the algorithm that ncnn's ARM code chooses.
// Source: Tencent/ncnn, src/layer/arm: Convolution_arm::forward_fp16sa, Convolution1D_arm, ConvolutionDepthWise_arm.
import { WeightType } from '../../../../../../kernels/ncnn.ts'
import type { Workspace } from '../../layer.ts'
import type { Blob } from '../../memory/blob.ts'
import { type ArmLayout, packOf } from '../../precision/arm-layout.ts'
import type { LayerOptions } from '../../precision/layer-options.ts'
import { activateHalf } from '../half-activation.ts'
import { type Chains, type HalfOrder, inFourChains, storeOrder, throughBlocks } from '../half-order.ts'
import type { Surroundings } from './convolve.ts'
import { type FilterShape, type Filters, isDepthwise, packedGroupBytes } from './filters.ts'
import { type Geometry, volumeOf, type Window } from './geometry.ts'
import { convolveHalfWinograd, type HalfWinogradFilters, halfWinogradFilters, isArmWinograd } from './half-winograd.ts'

/** Filters for sums in half precision. */
export interface HalfFilters extends Filters {
  /** By Winograd's algorithm, in place of these filters. */
  readonly winograd?: HalfWinogradFilters
  /** Undefined for depthwise filters, whose taps make one chain. */
  readonly order: HalfOrder | undefined
  /** Whether a depthwise layer computes one column as ncnn's kernel for eight channels, 3x3 and stride 2, does: {@link slippedColumn}. */
  readonly slips: boolean
}

/** Whether there is a kernel: for images of two dimensions. */
export function isHalfPlane({ kernel }: FilterShape): boolean {
  return kernel[0] === 1
}

/** Prepares filters from the model; what packing replaces is released. `isSequence`: of Convolution1D, which has one algorithm. */
export function halfFilters(
  filters: Filters,
  window: Window,
  { layout, isSequence }: { readonly layout: ArmLayout; readonly isSequence: boolean },
  workspace: Workspace,
): HalfFilters {
  if (!isSequence && isArmWinograd(filters, window, layout, fewestForHalf)) {
    const winograd = halfWinogradFilters(filters, layout, workspace)
    return { ...filters, packed: true, order: undefined, slips: false, winograd }
  }
  const { kernels } = workspace
  const { bias } = filters
  if (bias !== undefined) kernels.roundToHalf({ data: bias.ptr, n: bias.length })
  if (isDepthwise(filters)) {
    const [, height, width] = window.kernel
    const [, down, right] = window.stride
    const is3x3 = height === 3 && width === 3 && down === 2 && right === 2 && volumeOf(window.dilation) === 1
    const slips = is3x3 && packOf(filters.outputs, layout) === 8
    return { ...filters, packed: true, order: undefined, slips }
  }
  const chains = isSequence ? inFourChains(filters.inputs, volumeOf(filters.kernel)) : chainsOf(filters, window, layout)
  const packed = packInOrder(filters, chains.flat(), workspace)
  filters.weight.release()
  return { ...filters, weight: packed, packed: true, order: storeOrder(chains, workspace), slips: false }
}

/** Channels on one side from which on ncnn takes Winograd's algorithm, in half precision and with bfloat16 storage. */
const [fewestForHalf, fewestForBfloat16] = [16, 8]

/** Whether ncnn's ARM code transforms the float32 weights of a 2-D convolution for Winograd's algorithm. */
export function transformsFloatWeights(
  shape: FilterShape,
  window: Window,
  { storage16, sumsInHalf, layout }: LayerOptions,
): boolean {
  if (storage16 === 'bfloat16') return isArmWinograd(shape, window, layout, fewestForBfloat16)
  return sumsInHalf && isArmWinograd(shape, window, layout, fewestForHalf)
}

/** How many products ncnn takes at least to make a matrix product of a convolution, where the channels do not decide: a second-level cache. */
const largeProduct = 2 ** 18

/** The chains of one group of a 2-D convolution. */
function chainsOf({ group, inputs, outputs }: FilterShape, window: Window, layout: ArmLayout): Chains {
  const taps = volumeOf(window.kernel)
  const [block, outBlock] = [packOf(inputs, layout), packOf(outputs / group, layout)]
  const special = hasKernel(window, block, outBlock, inputs, outputs / group)
  const weights = inputs * (outputs / group) * taps * volumeOf(window.dilation) * volumeOf(window.stride) * 2
  const isLarge = weights > largeProduct || inputs > 16 || outputs / group > 16
  const isProduct = taps === 1 || (layout.sgemm && isLarge && special !== 'always')
  if (isProduct || special !== 'no') return throughBlocks(inputs, taps, block)
  return inFourChains(inputs, taps)
}

/** Whether ncnn has a kernel of its own for such filters, and prefers it to the matrix product. */
function hasKernel(
  { kernel, stride, dilation }: Window,
  block: number,
  outBlock: number,
  inputs: number,
  outputs: number,
): 'no' | 'yes' | 'always' {
  const [, height, width] = kernel
  const [, down, right] = stride
  if (height !== width || down !== right || volumeOf(dilation) > 1) return 'no'
  const shape = `${height}s${down}`
  if (block === 8 && outBlock === 8) {
    if (shape === '3s1' || shape === '5s1') return 'always'
    if (shape === '3s2') return inputs < 64 || outputs < 128 ? 'always' : 'yes'
    if (shape === '5s2') return inputs < 16 || outputs < 88 ? 'always' : 'yes'
  }
  if (block === 1 && outBlock === 8 && ['3s1', '3s2', '7s2'].includes(shape)) return 'always'
  if (block === 4 && outBlock === 4 && shape === '3s1') return 'always'
  if (block === 1 && outBlock === 4 && ['3s1', '3s2'].includes(shape)) return 'always'
  return 'no'
}

/** Packs the weights of each group, the terms of its sums in this order. */
function packInOrder(filters: Filters, order: readonly number[], { kernels, alloc, scratch }: Workspace): Blob {
  const { group, outputs, inputs, kernel, weight } = filters
  const [rows, depth] = [outputs / group, inputs * volumeOf(kernel)]
  const groupBytes = packedGroupBytes(filters)
  const packed = alloc([group * groupBytes], 'uint8')
  const ordered = scratch([rows * depth], 'float32')
  const [source, target] = [weight.data, ordered.data]
  for (let g = 0; g < group; g++) {
    for (let row = 0; row < rows; row++) {
      const start = (g * rows + row) * depth
      for (let k = 0; k < depth; k++) target[row * depth + k] = source[start + order[k]]
    }
    kernels.packLeft({
      source: ordered.ptr,
      weightType: WeightType.float32,
      rowStride: depth,
      depthStride: 1,
      m: rows,
      k: depth,
      packed: packed.ptr + g * groupBytes,
    })
  }
  return packed
}

/**
 * ncnn 1.0.20261020 takes outputs of eight channels by fours, twos and ones. In its loop for two, the second output reads the last taps of
 * the second and third row from the first row.
 */
function slippedColumn(outW: number): number {
  return outW % 4 >= 2 ? outW - (outW % 4) + 1 : -1
}

/** Convolves x into y. */
export function convolveHalf(
  x: Blob,
  filters: HalfFilters,
  geometry: Geometry,
  { padValue, activation }: Surroundings,
  y: Blob,
  workspace: Workspace,
): void {
  const { kernels, scratch } = workspace
  const { group, inputs, weight, bias, order, winograd } = filters
  const [, h, w] = geometry.input
  const [, outH, outW] = geometry.output
  const [, kernelH, kernelW] = geometry.kernel
  const [, strideH, strideW] = geometry.stride
  const [, dilationH, dilationW] = geometry.dilation
  const [, padTop, padLeft] = geometry.before
  const window = { kernelH, kernelW, strideH, strideW, dilationH, dilationW, padTop, padLeft, padValue }
  if (winograd !== undefined) convolveHalfWinograd(x, winograd, geometry, padValue, y, workspace)
  else if (order === undefined) {
    kernels.halfDepthwise({
      input: x.ptr,
      channels: group,
      h,
      w,
      weights: weight.ptr,
      bias: bias?.ptr ?? 0,
      output: y.ptr,
      outH,
      outW,
      ...window,
      slipped: filters.slips ? slippedColumn(outW) : -1,
      scratch: scratch(
        [kernels.halfDepthwiseScratchBytes({ outH, outW, kernelH, kernelW, strideH, strideW, dilationH, dilationW })],
        'uint8',
      ).ptr,
    })
  } else {
    const outputs = filters.outputs / group
    const groupBytes = packedGroupBytes(filters)
    const { ptr } = scratch([kernels.halfConvolutionScratchBytes({ k: inputs * kernelH * kernelW })], 'uint8')
    for (let g = 0; g < group; g++) {
      kernels.halfConvolution({
        input: x.ptr + 4 * g * inputs * h * w,
        inch: inputs,
        h,
        w,
        packedWeights: weight.ptr + g * groupBytes,
        order: order.order.ptr,
        ends: order.ends.ptr,
        chains: order.chains,
        bias: bias === undefined ? 0 : bias.ptr + 4 * g * outputs,
        output: y.ptr + 4 * g * outputs * outH * outW,
        outch: outputs,
        outH,
        outW,
        ...window,
        scratch: ptr,
      })
    }
  }
  activateHalf(y, activation, workspace)
}
