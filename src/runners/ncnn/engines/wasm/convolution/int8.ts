// Convolution with int8 weights as ncnn's plain layers compute it: int8 products summed in integers, then scaled back to float.
import { NcnnError } from '../../../error.ts'
import { raw } from '../../../weights.ts'
import type { Blob } from '../blob.ts'
import { quantize, toInt8 } from '../int8.ts'
import type { Workspace } from '../layer.ts'
import { activate } from '../layers/activation.ts'
import { type Surroundings, sumProducts } from './convolve.ts'
import { type FilterParams, type FilterShape, filterWeights } from './filters.ts'
import type { Geometry } from './geometry.ts'

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
export interface Int8Filters extends FilterShape {
  readonly weight: Blob
  readonly bias: Blob | undefined
  /** Integers per unit of the input. */
  readonly inputScale: number
  /** Units per integer of a sum, for each output channel. */
  readonly sumScales: readonly number[]
  /** Integers per unit of an int8 output; undefined when the output is float. */
  readonly outputScale: number | undefined
}

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
  const scales = weights.weight_data_int8_scales?.data
  const inputScale = weights.bottom_blob_int8_scales?.data[0]
  if (scales === undefined || inputScale === undefined) {
    throw new NcnnError('an int8 convolution needs scales of its weights and of its input')
  }
  const { outputs } = shape
  const scaleOf = (p: number): number => scales[Math.floor((p * scales.length) / outputs)]
  const round = roundingOf(workspace)
  return {
    ...shape,
    weight: weight.dtype === 'int8' ? weight : quantizeWeight(weight, outputs, scaleOf, workspace),
    bias: weights.bias_data,
    inputScale,
    sumScales: Array.from({ length: outputs }, (_, p) => {
      const scale = scaleOf(p)
      return scale === 0 ? 0 : round(1 / round(inputScale * scale))
    }),
    outputScale: weights.top_blob_int8_scales?.data[0],
  }
}

/** ncnn's scales are float32 numbers and so are its products; in float64 they stay exact. */
function roundingOf({ float }: Workspace): (x: number) => number {
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

/** Convolves a float or int8 blob into y, which is int8 when the filters have an output scale, else float. */
export function convolveInt8(
  x: Blob,
  filters: Int8Filters,
  geometry: Geometry,
  { padValue, activation }: Surroundings,
  y: Blob,
  workspace: Workspace,
): void {
  const { sumScales, outputScale } = filters
  const round = roundingOf(workspace)
  const quantized = x.dtype === 'int8' ? x : workspace.scratch(x.shape, 'int8')
  if (quantized !== x) quantize(x.data, filters.inputScale, quantized.data, round)

  const bias = filters.bias?.data
  sumProducts(quantized.data, filters.weight.data, filters, geometry, toSignedByte(padValue), y.data, {
    start: () => 0,
    finish(sum, p) {
      const scaled = round(round(sum) * sumScales[p])
      const value = round(activate(bias ? round(scaled + bias[p]) : scaled, activation))
      return outputScale === undefined ? value : toInt8(round(value * outputScale))
    },
  })
}

/** A float cast to a signed char: an int8 image is padded with that. */
const toSignedByte = (x: number): number => (Math.trunc(x) << 24) >> 24
