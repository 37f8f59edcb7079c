// The filters of a convolution: which channels they read, their weights, and those weights packed for the matrix product.
import { packedLeftBytes, WeightType } from '../../../../../../kernels/ncnn.ts'
import { formatShape } from '../../../../../../tensor/shape.ts'
import { NcnnError } from '../../../../error.ts'
import type { GraphLayer } from '../../../../graph.ts'
import { raw, taggedOrInt8 } from '../../../../weights.ts'
import type { Workspace } from '../../layer.ts'
import type { Blob } from '../../memory/blob.ts'
import { atLeast } from '../../param-checks.ts'
import type { SumPrecision } from '../../precision/sums.ts'
import { checkFloat } from '../elementwise.ts'
import { type Dimensions, type Spatial, volumeOf } from './geometry.ts'
import { checkPositive } from './params.ts'

/** How many filters there are and what each reads: output channel p reads `inputs` channels of group floor(p / (outputs / group)). */
export interface FilterShape {
  readonly group: number
  /** Output channels, of all groups together. */
  readonly outputs: number
  /** Input channels of one group. */
  readonly inputs: number
  readonly kernel: Spatial
}

/** Filters with float weights. */
export interface Filters extends FilterShape {
  /** [outputs][inputs][depth][height][width]; or packed group by group, as the matrix product wants it. */
  readonly weight: Blob
  readonly bias: Blob | undefined
  /** Whether {@link packFilters} has looked at them: then the weight is as {@link convolve} wants it. */
  readonly packed?: true
}

/** The parameters that describe filters stored in the model. */
export interface FilterParams {
  readonly num_output: number
  readonly bias_term: number
  readonly weight_data_size: number
  readonly group?: number
  readonly dynamic_weight?: number
}

/** The weights of a convolution or deconvolution; with `dynamic_weight` they are inputs instead. */
export function filterWeights({ num_output, bias_term, weight_data_size, dynamic_weight }: FilterParams) {
  return {
    weight_data: dynamic_weight ? undefined : taggedOrInt8(weight_data_size),
    bias_data: bias_term && !dynamic_weight ? raw(num_output) : undefined,
  }
}

/** @throws {NcnnError} on no group, and unless weight and bias are inputs exactly when `dynamic_weight` says so */
export function checkInputs({ dynamic_weight = 0, bias_term, group = 1 }: FilterParams, { inputs }: GraphLayer): void {
  atLeast(1, { group })
  const wanted = ['x', ...(dynamic_weight ? ['weight'] : []), ...(dynamic_weight && bias_term ? ['bias'] : [])]
  if (inputs.length !== wanted.length) {
    throw new NcnnError(
      `with dynamic_weight=${dynamic_weight} and bias_term=${bias_term} its inputs are ${wanted.join(', ')}, but it has ${inputs.length}`,
    )
  }
}

/**
 * Works out how many channels a filter reads from the number of its weights.
 * @throws {NcnnError} when the parameters do not fit together
 */
export function filterShapeOf({ num_output, group = 1, weight_data_size }: FilterParams, kernel: Spatial): FilterShape {
  checkPositive('kernel size', kernel)
  checkGroup(num_output, group)
  const inputs = weight_data_size / (num_output * volumeOf(kernel))
  if (!Number.isInteger(inputs) || inputs < 1) {
    throw new NcnnError(
      `weight_data_size ${weight_data_size} is not a multiple of num_output ${num_output} times kernel ${kernel.join('x')}`,
    )
  }
  return { group, outputs: num_output, inputs, kernel }
}

export function checkGroup(outputs: number, group: number): void {
  if (outputs < 1 || group < 1 || outputs % group !== 0) {
    throw new NcnnError(`num_output ${outputs} must be a positive multiple of group ${group}`)
  }
}

/** @throws {NcnnError} when an input does not have the channels that the filters read */
export function checkInputChannels({ group, inputs }: FilterShape, channels: number): void {
  if (channels !== group * inputs) {
    const groups = group === 1 ? '' : ` (${group} groups of ${inputs})`
    throw new NcnnError(`the weights are for ${group * inputs} input channels${groups}, the input has ${channels}`)
  }
}

/** @throws {NcnnError} when the .bin holds int8 weights, which mean nothing without scales */
export function checkStoredFloat(weight: Blob): void {
  if (weight.dtype === 'int8')
    throw new NcnnError('the weights are stored as int8, but the layer has no int8_scale_term')
}

/**
 * The axes of a weight that is an input: [first, second, ...kernel]. As in ncnn, a missing axis has size 1: the second in a
 * 2-D layer, the first in a 1-D layer.
 */
export function dynamicWeightAxes(
  { shape }: Blob,
  dimensions: Dimensions,
): { readonly first: number; readonly second: number; readonly kernel: Spatial } {
  const rank = dimensions + 2
  if (shape.length !== rank && shape.length !== rank - 1) {
    throw new NcnnError(`the weight must have ${rank} axes, found ${formatShape(shape)}`)
  }
  const channels = shape.slice(0, -dimensions)
  const [first, second] = channels.length === 2 ? channels : dimensions === 1 ? [1, channels[0]] : [channels[0], 1]
  const [width = 1, height = 1, depth = 1] = shape.slice(-dimensions).reverse()
  const kernel = [depth, height, width] as const
  checkPositive('kernel size', kernel)
  return { first, second, kernel }
}

/** @throws {NcnnError} when a bias that is an input is missing or has not one value per output */
export function checkDynamicBias(bias: Blob | undefined, outputs: number, workspace: Workspace): void {
  if (bias === undefined) return
  checkFloat(bias, workspace, 'the bias')
  if (bias.length !== outputs) throw new NcnnError(`the bias must have ${outputs} elements, found ${bias.length}`)
}

/** Whether each output channel reads one input channel of its own with one plane of taps, which has a kernel of its own. */
export function isDepthwise({ group, outputs, inputs, kernel }: FilterShape): boolean {
  return group === outputs && inputs === 1 && kernel[0] === 1
}

/** Bytes of the packed weights of one group. */
export function packedGroupBytes({ group, outputs, inputs, kernel }: FilterShape): number {
  return packedLeftBytes(outputs / group, inputs * volumeOf(kernel))
}

/** Whether the weights are packed: neither for the textbook sums, nor for the depthwise kernel. */
export function isPacked(shape: FilterShape, sums: SumPrecision): boolean {
  return sums === 'float32' && !isDepthwise(shape)
}

/** Packs the float32 or float16 weights of each group for the matrix product, into memory from `alloc`, where one will be computed. */
export function packFilters(
  filters: Filters,
  sums: SumPrecision,
  { kernels }: Workspace,
  alloc: Workspace['alloc'],
): Filters {
  if (!isPacked(filters, sums)) return { ...filters, packed: true }
  const { group, outputs, inputs, kernel, weight } = filters
  const rows = outputs / group
  const depth = inputs * volumeOf(kernel)
  const groupBytes = packedGroupBytes(filters)
  const packed = alloc([group * groupBytes], 'uint8')
  const half = weight.dtype === 'float16'
  for (let g = 0; g < group; g++) {
    const source = weight.ptr + (half ? 2 : 4) * g * rows * depth
    const type = half ? WeightType.float16 : WeightType.float32
    kernels.packLeft({
      source,
      weightType: type,
      rowStride: depth,
      depthStride: 1,
      m: rows,
      k: depth,
      packed: packed.ptr + g * groupBytes,
    })
  }
  return { ...filters, weight: packed, packed: true }
}
