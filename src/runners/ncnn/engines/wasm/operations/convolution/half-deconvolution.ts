// Deconvolution in half precision, in the order of ncnn's ARM code: a matrix product gives what each input adds to each output, which is rounded and
// added up tap by tap; or, for depthwise filters and without `useSgemmConvolution`, products are added to the outputs from the last tap on.
// Source: Tencent/ncnn, src/layer/arm/deconvolution_arm_asimdhp.cpp and deconvolutiondepthwise_arm_asimdhp.cpp.
import { halfDeconvolutionScratchBytes } from '../../../../../../kernels/ncnn.ts'
import type { Workspace } from '../../layer.ts'
import type { Blob } from '../../memory/blob.ts'
import { type ArmLayout, packOf } from '../../precision/arm-layout.ts'
import { roundToFloat16 } from '../../precision/sums.ts'
import type { FusedActivation } from '../fused-activation.ts'
import { activateHalf } from '../half-activation.ts'
import { multiply } from '../matrix.ts'
import { operand } from '../operand.ts'
import type { SpreadingFilters } from './deconvolve.ts'
import { type Geometry, volumeOf } from './geometry.ts'

export interface HalfSpreading {
  readonly activation: FusedActivation
  readonly layout: ArmLayout
  /** It has a filter for each channel. */
  readonly depthwise: boolean
}

/** y = activation(bias + what x spreads) */
export function deconvolveInHalf(
  x: Blob,
  filters: SpreadingFilters,
  geometry: Geometry,
  { activation, layout, depthwise }: HalfSpreading,
  y: Blob,
  workspace: Workspace,
): void {
  const { outputs, inputs, bias } = filters
  const [target, offsets] = [y.data, bias?.data]
  const outputSize = volumeOf(geometry.output)
  for (let p = 0; p < outputs; p++) {
    target.fill(roundToFloat16(offsets?.[p] ?? 0), p * outputSize, (p + 1) * outputSize)
  }
  if (layout.sgemm && !depthwise) spreadProducts(x, filters, geometry, y, workspace)
  else spreadInputs(x, filters, geometry, packOf(inputs, layout), y, workspace)
  activateHalf(y, activation, workspace)
}

function spreadProducts(
  x: Blob,
  { group, outputs, inputs, weight, hasRows = false }: SpreadingFilters,
  geometry: Geometry,
  y: Blob,
  workspace: Workspace,
): void {
  const groupOutputs = outputs / group
  const inputSize = volumeOf(geometry.input)
  const outputSize = volumeOf(geometry.output)
  const taps = volumeOf(geometry.kernel)
  const rows = groupOutputs * taps
  const products = workspace.scratch([rows, inputSize], 'float32')
  const images = { source: products.ptr, channels: groupOutputs, channelStride: taps * inputSize, tapStride: inputSize }
  for (let g = 0; g < group; g++) {
    const left = operand(weight, rows, inputs, !hasRows, g * rows * inputs)
    const right = operand(x, inputSize, inputs, true, g * inputs * inputSize)
    multiply(left, right, products, { rows, columns: inputSize, depth: inputs }, workspace, { sums: 'float16' })
    spreadHalves(images, geometry, y.ptr + 4 * g * groupOutputs * outputSize, workspace)
  }
}

function spreadInputs(
  x: Blob,
  { group, outputs, inputs, weight }: SpreadingFilters,
  geometry: Geometry,
  block: number,
  y: Blob,
  workspace: Workspace,
): void {
  const inputSize = volumeOf(geometry.input)
  const outputBytes = 4 * volumeOf(geometry.output)
  const taps = volumeOf(geometry.kernel)
  if (inputs === 1 && outputs === group) {
    const images = { source: x.ptr, channels: outputs, channelStride: inputSize, tapStride: 0, weights: weight.ptr }
    spreadHalves(images, geometry, y.ptr, workspace)
    return
  }
  const groupOutputs = outputs / group
  for (let g = 0; g < group; g++) {
    workspace.kernels.halfDeconvolution({
      ...planesOf(geometry),
      source: x.ptr + 4 * g * inputs * inputSize,
      inputs,
      block,
      weights: weight.ptr + 4 * g * inputs * groupOutputs * taps,
      channels: groupOutputs,
      target: y.ptr + g * groupOutputs * outputBytes,
      scratch: workspace.scratch([halfDeconvolutionScratchBytes(taps, inputs)], 'uint8').ptr,
    })
  }
}

/** Images as the kernel takes them. */
interface HalfImages {
  readonly source: number
  readonly channels: number
  readonly channelStride: number
  readonly tapStride: number
  readonly weights?: number
}

/** Adds the images to the channels from address `target` on. */
function spreadHalves(images: HalfImages, geometry: Geometry, target: number, { kernels, scratch }: Workspace): void {
  const planes = planesOf(geometry)
  kernels.halfSpread({
    ...images,
    ...planes,
    target,
    scratch: scratch([kernels.spreadScratchBytes(planes)], 'uint8').ptr,
  })
}

function planesOf({ input, output, kernel, stride, dilation, before }: Geometry) {
  const [, h, w] = input
  const [, outH, outW] = output
  const [, kernelH, kernelW] = kernel
  const [, strideH, strideW] = stride
  const [, dilationH, dilationW] = dilation
  const [, top, left] = before
  return { h, w, outH, outW, kernelH, kernelW, strideH, strideW, dilationH, dilationW, top, left }
}
