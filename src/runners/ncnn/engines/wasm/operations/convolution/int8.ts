// Convolution with int8 weights as ncnn's plain layers compute it: int8 products summed in integers, then scaled back to float.
import { Activation, gemmScratchBytes } from '../../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../../error.ts'
import { raw } from '../../../../weights.ts'
import type { Elements, Workspace } from '../../layer.ts'
import type { Blob } from '../../memory/blob.ts'
import { quantize, toInt8 } from '../../precision/int8.ts'
import { roundToFloat16 } from '../../precision/sums.ts'
import { activate, type FusedActivation } from '../fused-activation.ts'
import { convolve, type Surroundings } from './convolve.ts'
import { type FilterParams, type FilterShape, type Filters, filterWeights, isDepthwise } from './filters.ts'
import { extentOf, type Geometry, volumeOf, type Window } from './geometry.ts'
import { type ArmFinish, type ArmInt8, armFinish, finishOnArm } from './int8-on-arm.ts'
import { isWinogradWindow } from './winograd.ts'

/** The parameters of a convolution that may have int8 weights. */
export interface QuantizableParams extends FilterParams {
  readonly int8_scale_term: number
}

/** What such a convolution loads, in file order: scales follow weight and bias when `int8_scale_term` is set. */
export function quantizableWeights(params: QuantizableParams, weightScales: number) {
  const quantized = params.int8_scale_term !== 0 && !params.dynamic_weight
  return {
    ...filterWeights(params),
    weight_data_int8_scales: quantized ? raw(weightScales) : undefined,
    bottom_blob_int8_scales: quantized ? raw(1) : undefined,
    top_blob_int8_scales: quantized && params.int8_scale_term > 100 ? raw(1) : undefined,
  }
}

/** Above 100 the result is quantised again for the next layer. */
export function quantizableElements({ int8_scale_term }: { readonly int8_scale_term: number }): Elements {
  return { reads: 'float32', writes: int8_scale_term > 100 ? 'int8' : 'float32', takesInt8: int8_scale_term !== 0 }
}

/** What a convolution loads; the scales only when it is quantised. */
export interface LoadedWeights {
  readonly weight_data: Blob | undefined
  readonly bias_data: Blob | undefined
  readonly weight_data_int8_scales?: Blob | undefined
  readonly bottom_blob_int8_scales?: Blob | undefined
  readonly top_blob_int8_scales?: Blob | undefined
}

/** Filters with int8 weights, and how integers and real numbers are converted into each other. */
export interface Int8Filters extends Filters {
  /**
   * What the weight is: `packed` group by group for an int8 kernel; `floats` for the depthwise kernel, which gains nothing from pairs of
   * products and whose float32 sums of integers are exact; `bytes` for sums in float64.
   */
  readonly form: 'packed' | 'floats' | 'bytes'
  /** Outputs per side of the tiles of Winograd's algorithm, for which the weight is packed; 0 without it. */
  readonly winogradSize: number
  /** Integers per unit of the input. */
  readonly inputScale: number
  /** The input is quantised in half precision. */
  readonly quantizesInHalf: boolean
  /** Units per integer of a sum, for each output channel. */
  readonly sumScales: Blob
  /** Integers per unit of an int8 output; undefined when the output is float. */
  readonly outputScale: number | undefined
  /** In place of the scales and the bias, where the steps are those of ncnn's ARM code. */
  readonly arm: ArmFinish | undefined
}

/** As many products of two signed bytes as float32 sums exactly, whatever their order: 2^24 / (128 * 128). */
const maxExactProducts = 1024

const noActivation: FusedActivation = { type: Activation.none, a: 0, b: 0 }

/** Activations that the kernels apply in the float32 steps of ncnn; the others are computed in float64 and rounded. */
const kernelActivations: readonly number[] = [Activation.none, Activation.relu, Activation.leakyRelu, Activation.clip]

/**
 * Prepares int8 filters; float weights are quantised, and their blob released.
 * @param shape output channels are scaled in equal runs, one for each weight scale
 * @param window of the same kernel
 * @param onArm undefined for the steps of ncnn's plain layers
 */
export function int8Filters(
  shape: FilterShape,
  window: Window,
  weight: Blob,
  weights: LoadedWeights,
  activation: FusedActivation,
  onArm: ArmInt8 | undefined,
  workspace: Workspace,
): Int8Filters {
  const scales = Array.from(weights.weight_data_int8_scales?.data ?? [])
  const inputScale = weights.bottom_blob_int8_scales?.data[0]
  if (scales.length === 0 || inputScale === undefined) {
    throw new NcnnError('an int8 convolution needs scales of its weights and of its input')
  }
  const { outputs } = shape
  const scaleOf = (p: number): number => scales[Math.floor((p * scales.length) / outputs)]
  const round = scaleRounding(workspace)
  const sumScales = workspace.alloc([outputs])
  const factors = sumScales.data
  for (let p = 0; p < outputs; p++) factors[p] = scaleOf(p) === 0 ? 0 : round(1 / round(inputScale * scaleOf(p)))
  const quantized = weight.dtype === 'int8' ? weight : quantizeWeight(weight, outputs, scaleOf, workspace)
  const outputScale = weights.top_blob_int8_scales?.data[0]
  const bias = weights.bias_data
  const quantizesInHalf = onArm?.sumsInHalf ?? false
  return {
    ...shape,
    ...prepareWeight(shape, window, quantized, workspace),
    bias,
    inputScale: quantizesInHalf ? roundToFloat16(inputScale) : inputScale,
    quantizesInHalf,
    sumScales,
    outputScale,
    arm: onArm?.usesLayers ? armFinish(onArm, sumScales, bias, outputScale, activation, workspace) : undefined,
  }
}

/** ncnn's scales are float32 numbers and so are its products; in float64 they stay exact. */
function scaleRounding({ float }: Workspace): (x: number) => number {
  return float === 'float32' ? Math.fround : (x) => x
}

function quantizeWeight(
  weight: Blob,
  outputs: number,
  scaleOf: (p: number) => number,
  { kernels, alloc }: Workspace,
): Blob {
  const quantized = alloc(weight.shape, 'int8')
  const size = weight.length / outputs
  for (let p = 0; p < outputs; p++) {
    kernels.quantizeToBytes({
      source: weight.ptr + 4 * p * size,
      scale: scaleOf(p),
      destination: quantized.ptr + p * size,
      n: size,
    })
  }
  weight.release()
  return quantized
}

/** Brings int8 weights, which it releases, into the form in which they are used. */
function prepareWeight(
  shape: FilterShape,
  window: Window,
  bytes: Blob,
  { kernels, float, alloc }: Workspace,
): Pick<Int8Filters, 'form' | 'winogradSize' | 'weight'> {
  if (float === 'float64') return { form: 'bytes', winogradSize: 0, weight: bytes }
  const taps = volumeOf(shape.kernel)
  if (isDepthwise(shape) && taps <= maxExactProducts) {
    const floats = alloc(bytes.shape, 'float32')
    kernels.bytesToFloat({ source: bytes.ptr, destination: floats.ptr, n: bytes.length })
    bytes.release()
    return { form: 'floats', winogradSize: 0, weight: floats }
  }
  const { group, outputs, inputs: inch } = shape
  const outch = outputs / group
  const groups = Array.from({ length: group }, (_, g) => bytes.ptr + g * outch * inch * taps)
  const size = isWinogradWindow(window)
    ? Math.min(...groups.map((filters) => kernels.int8WinogradSize({ filters, outch, inch })))
    : 0
  const groupBytes = packedBytes(shape, size, kernels)
  const packed = alloc([group * groupBytes], 'uint8')
  for (const [g, source] of groups.entries()) {
    const target = packed.ptr + g * groupBytes
    if (size > 0) kernels.packInt8WinogradFilters({ size, filters: source, outch, inch, packed: target })
    else kernels.packInt8Filters({ source, outch, inch, taps, packed: target })
  }
  bytes.release()
  return { form: 'packed', winogradSize: size, weight: packed }
}

/** Bytes of the packed filters of one group. */
function packedBytes(
  { group, outputs, inputs: inch, kernel }: FilterShape,
  size: number,
  { int8WinogradFilterBytes, packedInt8FilterBytes }: Workspace['kernels'],
): number {
  const outch = outputs / group
  return size > 0
    ? int8WinogradFilterBytes({ size, outch, inch })
    : packedInt8FilterBytes({ outch, inch, taps: volumeOf(kernel) })
}

/** Convolves a float or int8 blob into y, which is int8 when the filters have an output scale, else float. */
export function convolveInt8(
  x: Blob,
  filters: Int8Filters,
  geometry: Geometry,
  { padValue, activation }: Surroundings,
  y: Blob,
  workspace: Workspace,
): void {
  const pad = toSignedByte(padValue)
  if (filters.form === 'bytes') {
    convolveExactly(x, filters, geometry, pad, activation, y, workspace)
    return
  }
  const run = filters.form === 'floats' ? convolveDepthwise : convolvePacked
  const { outputScale, arm } = filters
  const sums = outputScale === undefined ? y : workspace.scratch(y.shape)
  if (arm !== undefined) {
    const unscaled = { ...filters, sumScales: arm.ones, bias: undefined }
    run(x, unscaled, geometry, pad, noActivation, sums, sums, workspace)
    finishOnArm(sums, arm, activation, y, workspace)
    return
  }
  if (kernelActivations.includes(activation.type)) {
    run(x, filters, geometry, pad, activation, sums, y, workspace)
    return
  }
  run(x, filters, geometry, pad, noActivation, sums, sums, workspace)
  const values = sums.data
  for (let i = 0; i < values.length; i++) values[i] = activate(values[i], activation)
  if (outputScale !== undefined)
    workspace.kernels.quantizeToBytes({ source: sums.ptr, scale: outputScale, destination: y.ptr, n: y.length })
}

/** y = activation(sums * scale + bias), then to int8 unless y and sums are the same blob; every step rounded to float32. */
function convolvePacked(
  x: Blob,
  filters: Int8Filters,
  geometry: Geometry,
  pad: number,
  activation: FusedActivation,
  sums: Blob,
  y: Blob,
  workspace: Workspace,
): void {
  const { kernels } = workspace
  const { group, inputs, winogradSize: size, weight, bias, sumScales, outputScale = 0 } = filters
  const [, outH, outW] = geometry.output
  const [, kernelH, kernelW] = geometry.kernel
  const [, strideH, strideW] = geometry.stride
  const [, dilationH, dilationW] = geometry.dilation
  const image = imageWithPadding(x, filters, geometry, pad, workspace)
  const outch = filters.outputs / group
  const plane = outH * outW
  const groupBytes = packedBytes(filters, size, kernels)
  const scratchBytes =
    size > 0 ? kernels.int8WinogradScratchBytes({ size, inch: inputs, outch, outH, outW }) : gemmScratchBytes
  const scratch = workspace.scratch([scratchBytes], 'uint8').ptr
  for (let g = 0; g < group; g++) {
    const call = {
      input: image.address + g * inputs * image.height * image.width,
      inch: inputs,
      h: image.height,
      w: image.width,
      packedFilters: weight.ptr + g * groupBytes,
      sums: sums.ptr + 4 * g * outch * plane,
      outch,
      outH,
      outW,
      scales: sumScales.ptr + 4 * g * outch,
      bias: bias === undefined ? 0 : bias.ptr + 4 * g * outch,
      activation: activation.type,
      activationA: activation.a,
      activationB: activation.b,
      outputScale,
      output: y.ptr + (y === sums ? 4 : 1) * g * outch * plane,
      scratch,
    }
    if (size > 0) kernels.int8WinogradRows({ ...call, size, firstRow: 0, rowCount: Math.ceil(outH / size) })
    else {
      kernels.int8Convolution({ ...call, kernelH, kernelW, strideH, strideW, dilationH, dilationW })
    }
  }
}

/** The bytes that the taps read, the padding among them: x itself if it is just that. */
function imageWithPadding(
  x: Blob,
  { group, inputs, inputScale, quantizesInHalf }: Int8Filters,
  geometry: Geometry,
  pad: number,
  { kernels, scratch }: Workspace,
): { readonly address: number; readonly height: number; readonly width: number } {
  const [, inH, inW] = geometry.input
  const [, top, left] = geometry.before
  const [, extentH, extentW] = extentOf(geometry)
  const height = (geometry.output[1] - 1) * geometry.stride[1] + extentH
  const width = (geometry.output[2] - 1) * geometry.stride[2] + extentW
  const isFloat = x.dtype !== 'int8'
  if (!isFloat && height === inH && width === inW && top === 0 && left === 0) return { address: x.ptr, height, width }
  const channels = group * inputs
  const image = scratch([channels, height, width], 'int8')
  const flag = Number(isFloat)
  kernels.int8Window({
    source: x.ptr,
    isFloat: flag,
    scale: inputScale,
    channels,
    h: inH,
    w: inW,
    window: image.ptr,
    windowH: height,
    windowW: width,
    top,
    left,
    pad,
    inHalf: Number(quantizesInHalf),
  })
  return { address: image.ptr, height, width }
}

/** {@link convolvePacked} by the depthwise kernel. */
function convolveDepthwise(
  x: Blob,
  filters: Int8Filters,
  geometry: Geometry,
  padValue: number,
  { type, a, b }: FusedActivation,
  sums: Blob,
  y: Blob,
  workspace: Workspace,
): void {
  const { kernels } = workspace
  const { outputs, inputScale, quantizesInHalf, sumScales, bias, outputScale = 0 } = filters
  const values = workspace.scratch(x.shape)
  if (x.dtype === 'int8') kernels.bytesToFloat({ source: x.ptr, destination: values.ptr, n: x.length })
  else {
    const inHalf = Number(quantizesInHalf)
    kernels.quantize({ source: x.ptr, scale: inputScale, destination: values.ptr, n: x.length, inHalf })
  }
  const surroundings = { padValue, activation: noActivation, sums: 'float32' } as const
  convolve(values, { ...filters, bias: undefined }, geometry, surroundings, sums, workspace)
  const plane = volumeOf(geometry.output)
  kernels.int8Finish({
    sums: sums.ptr,
    channels: outputs,
    n: plane,
    scales: sumScales.ptr,
    bias: bias?.ptr ?? 0,
    activation: type,
    activationA: a,
    activationB: b,
    outputScale,
    output: y.ptr,
  })
}

/** The same in float64. */
function convolveExactly(
  x: Blob,
  filters: Int8Filters,
  geometry: Geometry,
  padValue: number,
  activation: FusedActivation,
  y: Blob,
  workspace: Workspace,
): void {
  const { inputScale, sumScales, outputScale, bias } = filters
  const plane = volumeOf(geometry.output)
  const image = workspace.scratch(x.shape, 'int8')
  const sums = workspace.scratch([filters.outputs, plane], 'int32')
  if (x.dtype === 'int8') image.data.set(x.data)
  else quantize(x.data, inputScale, image.data, scaleRounding(workspace))
  const surroundings = { padValue, activation: noActivation, sums: 'float64' } as const
  convolve(image, { ...filters, bias: undefined }, geometry, surroundings, sums, workspace)
  const [integers, factors, offsets, target] = [sums.data, sumScales.data, bias?.data, y.data]
  for (let i = 0; i < integers.length; i++) {
    const p = Math.floor(i / plane)
    const value = activate(integers[i] * factors[p] + (offsets?.[p] ?? 0), activation)
    target[i] = outputScale === undefined ? value : toInt8(value * outputScale)
  }
}

/** A float cast to a signed char: an int8 image is padded with that. */
const toSignedByte = (x: number): number => (Math.trunc(x) << 24) >> 24
