// What all convolution layers do: at load their filters are prepared, at run time an image is convolved with them.
import { NcnnError } from '../../../error.ts'
import type { GraphLayer } from '../../../graph.ts'
import type { Blob } from '../blob.ts'
import type { Workspace } from '../layer.ts'
import { fusedActivation } from '../layers/activation.ts'
import { convolve, type Surroundings } from './convolve.ts'
import {
  checkChannels,
  checkDynamicBias,
  checkFloat,
  checkGroup,
  checkInputs,
  checkStoredFloat,
  dynamicWeightAxes,
  type FilterParams,
  type FilterShape,
  type Filters,
  filterShapeOf,
  needsPacking,
  packFilters,
} from './filters.ts'
import {
  convolutionGeometry,
  type Dimensions,
  imageOf,
  type Padding,
  type Spatial,
  shapeOf,
  volumeOf,
  type Window,
} from './geometry.ts'
import { convolveInt8, type Int8Filters, int8Filters, type LoadedWeights } from './int8.ts'
import { checkPositive, paddingOf, type WindowParams, windowOf } from './params.ts'

export interface ConvolutionParams extends FilterParams, WindowParams {
  readonly pad_value: number
  readonly activation_type: number
  readonly activation_params: readonly number[]
}

/** A convolution layer after loading. It has neither kind of filters when the weights are inputs. */
export interface PreparedConvolution extends Surroundings {
  readonly window: Window
  readonly padding: Padding
  readonly filters?: Filters
  readonly int8Filters?: Int8Filters
}

interface LoadedConvolution {
  readonly params: ConvolutionParams
  readonly weights: LoadedWeights
  readonly graph: GraphLayer
}

export function prepareConvolution(layer: LoadedConvolution, workspace: Workspace): PreparedConvolution {
  const prepared = prepareSurroundings(layer)
  const { params, weights } = layer
  const { weight_data: weight, bias_data: bias } = weights
  if (weight === undefined) return prepared
  const shape = filterShapeOf(params, prepared.window.kernel)
  if (weights.weight_data_int8_scales !== undefined) {
    return { ...prepared, int8Filters: int8Filters(shape, weight, weights, workspace) }
  }
  return { ...prepared, filters: storedFilters(shape, weight, bias, workspace) }
}

/** Prepares all but the filters. */
export function prepareSurroundings({ params, graph }: LoadedConvolution): PreparedConvolution {
  checkInputs(params, graph)
  return {
    window: windowOf(params),
    padding: paddingOf(params),
    padValue: params.pad_value,
    activation: fusedActivation(params),
  }
}

/** Filters from the model; what packing replaces is released. */
export function storedFilters(shape: FilterShape, weight: Blob, bias: Blob | undefined, workspace: Workspace): Filters {
  checkStoredFloat(weight)
  if (!needsPacking(shape, workspace)) return { ...shape, weight, bias }
  const packed = packFilters(shape, weight, workspace, workspace.alloc)
  weight.release()
  return { ...shape, weight: packed, bias }
}

/**
 * Filters from the model for as many input channels as there are: like ncnn, which looks at no more than the weights for those.
 * @throws {NcnnError} when there are too few weights
 */
export function leadingFilters(
  { num_output: outputs, group = 1 }: FilterParams,
  kernel: Spatial,
  channels: number,
  weight: Blob,
  bias: Blob | undefined,
  workspace: Workspace,
): Filters {
  checkStoredFloat(weight)
  checkGroup(outputs, group)
  checkPositive('kernel size', kernel)
  const shape = { group, outputs, inputs: channels / group, kernel }
  const needed = outputs * shape.inputs * volumeOf(kernel)
  if (!Number.isInteger(shape.inputs) || needed > weight.length) {
    throw new NcnnError(
      `${channels} input channels in ${group} groups need ${needed} weights, but weight_data_size is ${weight.length}`,
    )
  }
  return packedForOneRun(shape, weight, bias, workspace)
}

function packedForOneRun(shape: FilterShape, weight: Blob, bias: Blob | undefined, workspace: Workspace): Filters {
  if (!needsPacking(shape, workspace)) return { ...shape, weight, bias }
  return { ...shape, weight: packFilters(shape, weight, workspace, workspace.scratch), bias }
}

/** Filters from inputs: weight [outputs][inputs][...kernel] and a bias of as many elements as outputs. */
function dynamicFilters(
  weight: Blob | undefined,
  bias: Blob | undefined,
  group: number,
  dimensions: Dimensions,
  workspace: Workspace,
): Filters {
  if (weight === undefined) throw new NcnnError('the weight is missing')
  const { first: outputs, second: inputs, kernel } = dynamicWeightAxes(weight, dimensions)
  checkGroup(outputs, group)
  checkFloat(weight, 'the weight', workspace)
  checkDynamicBias(bias, outputs, workspace)
  return packedForOneRun({ group, outputs, inputs, kernel }, weight, bias, workspace)
}

/** Convolves an image of so many dimensions. */
export function forwardConvolution(
  dimensions: Dimensions,
  [x, weight, bias]: readonly [Blob, Blob?, Blob?],
  { params, prepared }: { readonly params: ConvolutionParams; readonly prepared: PreparedConvolution },
  workspace: Workspace,
): Blob {
  const { int8Filters } = prepared
  const filters =
    int8Filters ?? prepared.filters ?? dynamicFilters(weight, bias, params.group ?? 1, dimensions, workspace)
  const image = imageOf(x.shape, dimensions)
  checkChannels(filters, image.channels)
  const padding = x.shape.length === 1 ? alongWidth(prepared.padding) : prepared.padding
  const geometry = convolutionGeometry({ ...prepared.window, kernel: filters.kernel }, padding, image.size)
  const shape = shapeOf({ channels: filters.outputs, size: geometry.output }, dimensions)
  if (int8Filters !== undefined) {
    const y = workspace.alloc(shape, int8Filters.outputScale === undefined ? workspace.float : 'int8')
    convolveInt8(x, int8Filters, geometry, prepared, y, workspace)
    return y
  }
  checkFloat(x, 'the input', workspace)
  const y = workspace.alloc(shape)
  convolve(x, filters, geometry, prepared, y, workspace)
  return y
}

/** ncnn pads a 1-d blob along its width only. */
function alongWidth(padding: Padding): Padding {
  if (padding.rule !== 'explicit') return padding
  const { before, after } = padding
  return { ...padding, before: [0, 0, before[2]], after: [0, 0, after[2]] }
}
