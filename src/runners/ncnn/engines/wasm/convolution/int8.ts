// Convolution with int8 weights as ncnn's plain layers compute it: int8 products summed in integers, then scaled back to float.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import { raw } from '../../../weights.ts'
import type { Blob } from '../blob.ts'
import { activate, type FusedActivation } from '../fused-activation.ts'
import { quantize, toInt8 } from '../int8.ts'
import type { Workspace } from '../layer.ts'
import { convolve, exceedsStrip, planeConvolution, type Surroundings } from './convolve.ts'
import {
  type FilterParams,
  type FilterShape,
  type Filters,
  filterWeights,
  isDepthwise,
  packFilters,
} from './filters.ts'
import { type Geometry, volumeOf } from './geometry.ts'

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
  /** The same weights as floats, for runs of input channels short enough that float32 sums are exact; empty where none are. */
  readonly blocks: readonly Filters[]
  /** Integers per unit of the input. */
  readonly inputScale: number
  /** Units per integer of a sum, for each output channel. */
  readonly sumScales: readonly number[]
  /** Integers per unit of an int8 output; undefined when the output is float. */
  readonly outputScale: number | undefined
}

/** As many products of two signed bytes as float32 sums exactly, whatever their order: 2^24 / (128 * 128). */
const maxExactProducts = 1024

const noActivation: FusedActivation = { type: Activation.none, a: 0, b: 0 }

/**
 * Prepares int8 filters; float weights are quantised, and their blob released.
 * @param shape output channels are scaled in equal runs, one for each weight scale
 */
export function int8Filters(
  shape: FilterShape,
  weight: Blob,
  weights: LoadedWeights,
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
  const quantized = weight.dtype === 'int8' ? weight : quantizeWeight(weight, outputs, scaleOf, workspace)
  return {
    ...shape,
    weight: quantized,
    bias: weights.bias_data,
    blocks: exactBlocks(shape, quantized, workspace),
    inputScale,
    sumScales: Array.from({ length: outputs }, (_, p) => {
      const scale = scaleOf(p)
      return scale === 0 ? 0 : round(1 / round(inputScale * scale))
    }),
    outputScale: weights.top_blob_int8_scales?.data[0],
  }
}

/** ncnn's scales are float32 numbers and so are its products; in float64 they stay exact. */
function scaleRounding({ float }: Workspace): (x: number) => number {
  return float === 'float32' ? Math.fround : (x) => x
}

function quantizeWeight(weight: Blob, outputs: number, scaleOf: (p: number) => number, workspace: Workspace): Blob {
  const quantized = workspace.alloc(weight.shape, 'int8')
  const [source, target] = [weight.data, quantized.data]
  const size = source.length / outputs
  for (let p = 0; p < outputs; p++) {
    const [from, to] = [p * size, (p + 1) * size]
    quantize(source.subarray(from, to), scaleOf(p), target.subarray(from, to), Math.fround)
  }
  weight.release()
  return quantized
}

/** Splits filters by input channels, so that the SIMD kernels' float32 sums of integers are exact. */
function exactBlocks(shape: FilterShape, weight: Blob, workspace: Workspace): Filters[] {
  const { group, outputs, inputs, kernel } = shape
  const taps = volumeOf(kernel)
  const blockInputs = Math.min(inputs, Math.floor(maxExactProducts / taps))
  const splits = blockInputs < inputs
  if (workspace.float === 'float64' || blockInputs === 0 || (splits && group > 1)) return []
  const blocks: Filters[] = []
  for (let first = 0; first < inputs; first += blockInputs) {
    const block = { ...shape, inputs: Math.min(blockInputs, inputs - first) }
    const length = block.inputs * taps
    const floats = (isDepthwise(block) ? workspace.alloc : workspace.scratch)([outputs * length])
    const [source, target] = [weight.data, floats.data]
    for (let p = 0; p < outputs; p++) {
      const from = (p * inputs + first) * taps
      target.set(source.subarray(from, from + length), p * length)
    }
    blocks.push(packFilters({ ...block, weight: floats, bias: undefined }, 'float32', workspace, workspace.alloc))
  }
  return blocks
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
  const sums = integerSums(x, filters, geometry, padValue, workspace)
  if (workspace.float === 'float32') scaleSums(sums, filters, geometry, activation, y, workspace)
  else scaleSumsExactly(sums, filters, geometry, activation, y)
}

/** y = activation(sums * scale + offset), then to int8 where there is an output scale; every step rounded to float32. */
function scaleSums(
  sums: Blob,
  { sumScales, outputScale, bias }: Int8Filters,
  geometry: Geometry,
  activation: FusedActivation,
  y: Blob,
  { kernels, scratch }: Workspace,
): void {
  const plane = volumeOf(geometry.output)
  const scaled = outputScale === undefined ? y : scratch(y.shape)
  for (const [p, scale] of sumScales.entries()) {
    const at = 4 * p * plane
    kernels.scaleIntegers(sums.ptr + at, scale, bias === undefined ? 0 : bias.ptr + 4 * p, scaled.ptr + at, plane)
  }
  if (activation.type === Activation.relu) {
    kernels.activate(Activation.relu, scaled.ptr, scaled.ptr, scaled.length, 0, 0)
  } else if (activation.type !== Activation.none) {
    const values = scaled.data
    for (let i = 0; i < values.length; i++) values[i] = activate(values[i], activation)
  }
  if (outputScale !== undefined) kernels.quantizeToBytes(scaled.ptr, outputScale, y.ptr, y.length)
}

/** The same in float64. */
function scaleSumsExactly(
  { data: sums }: Blob,
  { sumScales, outputScale, bias }: Int8Filters,
  geometry: Geometry,
  activation: FusedActivation,
  { data: target }: Blob,
): void {
  const plane = volumeOf(geometry.output)
  for (let i = 0; i < sums.length; i++) {
    const p = Math.floor(i / plane)
    const value = activate(sums[i] * sumScales[p] + (bias?.data[p] ?? 0), activation)
    target[i] = outputScale === undefined ? value : toInt8(value * outputScale)
  }
}

/** The sums of integer products for each output, as int32: in float64, or block by block with the SIMD kernels. */
function integerSums(x: Blob, filters: Int8Filters, geometry: Geometry, padValue: number, workspace: Workspace): Blob {
  const blocks = exceedsStrip(filters, geometry) ? [] : filters.blocks
  const surroundings = { padValue: toSignedByte(padValue), activation: noActivation, sums: 'float64' } as const
  const shape = [filters.outputs, volumeOf(geometry.output)]
  const sums = workspace.scratch(shape, 'int32')
  const values = workspace.scratch(x.shape, blocks.length === 0 ? 'int8' : 'float32')
  if (x.dtype === 'int8') values.data.set(x.data)
  else if (values.dtype === 'float32') workspace.kernels.quantize(x.ptr, filters.inputScale, values.ptr, x.length)
  else quantize(x.data, filters.inputScale, values.data, scaleRounding(workspace))
  if (blocks.length === 0) {
    convolve(values, { ...filters, bias: undefined }, geometry, surroundings, sums, workspace)
    return sums
  }

  const partial = workspace.scratch(shape)
  sums.data.fill(0)
  let input = values.ptr
  for (const block of blocks) {
    planeConvolution(block, geometry, surroundings, workspace)(input, partial.ptr)
    input += 4 * block.inputs * volumeOf(geometry.input)
    workspace.kernels.addIntegers(partial.ptr, sums.ptr, sums.length)
  }
  return sums
}

/** A float cast to a signed char: an int8 image is padded with that. */
const toSignedByte = (x: number): number => (Math.trunc(x) << 24) >> 24
