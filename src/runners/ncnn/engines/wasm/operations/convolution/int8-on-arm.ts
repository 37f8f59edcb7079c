// What ncnn's ARM code makes of the integer sums of an int8 convolution: its layers Dequantize and Requantize multiply and add in one step,
// the latter by one product of both scales where the activation allows it, and the former rounds to 16 bits before the activation.
// A few depthwise convolutions do without these layers.
// Source: Tencent/ncnn, src/layer/arm: convolution_arm.cpp, convolutiondepthwise_arm.cpp, dequantize_arm.cpp, requantize_arm.cpp.
import { Activation } from '../../../../../../kernels/ncnn.ts'
import type { Workspace } from '../../layer.ts'
import type { Blob } from '../../memory/blob.ts'
import type { ArmLayout } from '../../precision/arm-layout.ts'
import { roundResult, type Storage16 } from '../../precision/reduced-precision.ts'
import type { FusedActivation } from '../fused-activation.ts'
import { activateHalf } from '../half-activation.ts'
import { type FilterShape, isDepthwise } from './filters.ts'
import { volumeOf, type Window } from './geometry.ts'

/** How a convolution takes its int8 steps on ARM. */
export interface ArmInt8 {
  /** In what dequantised sums are stored. */
  readonly storage16: Storage16
  /** The steps of half precision: floats are quantised, and results activated, in float16. */
  readonly sumsInHalf: boolean
  /** Its sums go through the layers Dequantize and Requantize; otherwise its steps are those of the plain layer, and floats stay float32. */
  readonly usesLayers: boolean
}

/** The numbers that make results of the sums. */
export interface ArmFinish extends ArmInt8 {
  /** Units per integer of a sum, for each output channel. */
  readonly scales: Blob
  readonly bias: Blob | undefined
  /** As many as scales: sums times these are the sums. */
  readonly ones: Blob
  /** Integers per unit of an int8 output, 1 where `scales` have it in them already; undefined when the output is float. */
  readonly outputScale: number | undefined
}

/** Activations that Requantize takes after one multiplication by both scales. */
export function scalesAtOnce({ type, a }: FusedActivation): boolean {
  return type === Activation.relu || (type === Activation.leakyRelu && a > 0)
}

/**
 * Whether a convolution's sums go through the layers Dequantize and Requantize. Those of depthwise filters do not where these are other than
 * 3x3 of stride 1 or 2, have more than a ReLU after them, or make int8 of channels that do not come in eights.
 */
export function usesQuantizeLayers(
  shape: FilterShape,
  { stride, dilation }: Window,
  { type }: Pick<FusedActivation, 'type'>,
  { packing }: ArmLayout,
  toInt8: boolean,
): boolean {
  if (!isDepthwise(shape)) return true
  const [, height, width] = shape.kernel
  const [, strideH, strideW] = stride
  const inEights = packing && shape.group % 8 === 0
  const isSquare = height === 3 && width === 3 && volumeOf(dilation) === 1 && strideH === strideW && strideH <= 2
  return isSquare && type <= Activation.relu && (inEights || !toInt8)
}

/** Prepares the scales of sums, and biases. */
export function armFinish(
  arm: ArmInt8,
  scales: Blob,
  bias: Blob | undefined,
  outputScale: number | undefined,
  activation: FusedActivation,
  { alloc }: Workspace,
): ArmFinish {
  const ones = alloc(scales.shape, 'float32')
  ones.data.fill(1)
  if (outputScale === undefined || !scalesAtOnce(activation)) return { ...arm, scales, bias, ones, outputScale }
  const scaled = (values: Blob): Blob => {
    const products = alloc(values.shape, 'float32')
    products.data.set(values.data.map((value) => value * outputScale))
    return products
  }
  return { ...arm, scales: scaled(scales), bias: bias && scaled(bias), ones, outputScale: 1 }
}

/** Makes y of float32 sums [channels][...], which it overwrites and which are y themselves where that is float. */
export function finishOnArm(
  sums: Blob,
  { scales, bias, outputScale, storage16, sumsInHalf }: ArmFinish,
  activation: FusedActivation,
  y: Blob,
  workspace: Workspace,
): void {
  const { kernels } = workspace
  const channels = scales.length
  kernels.int8ScaleFused({
    sums: sums.ptr,
    channels,
    n: sums.length / channels,
    scales: scales.ptr,
    bias: bias?.ptr ?? 0,
  })
  const isStored = outputScale === undefined
  if (isStored) roundResult(storage16, y, kernels)
  const inHalf = sumsInHalf || (activation.type === Activation.leakyRelu && storage16 === 'float16')
  if (isStored && inHalf) activateHalf(y, activation, workspace)
  else if (activation.type !== Activation.none) {
    const { type, a, b } = activation
    kernels.activate({
      activation: type,
      activationA: a,
      activationB: b,
      input: sums.ptr,
      output: sums.ptr,
      n: sums.length,
    })
  }
  if (outputScale !== undefined)
    kernels.quantizeToBytes({ source: sums.ptr, scale: outputScale, destination: y.ptr, n: y.length })
}
