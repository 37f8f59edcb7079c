// What all convolution layers do: at load their filters are prepared, at run time an image is convolved with them.
import type { WinogradSize } from '../../../../../../kernels/ncnn.ts'
import { sameShape } from '../../../../../../tensor/shape.ts'
import { NcnnError } from '../../../../error.ts'
import type { GraphLayer } from '../../../../graph.ts'
import type { Workspace } from '../../layer.ts'
import type { Blob } from '../../memory/blob.ts'
import type { ArmLayout } from '../../precision/arm-layout.ts'
import { asFloat32 } from '../../precision/half-weights.ts'
import type { Storage16 } from '../../precision/reduced-precision.ts'
import { type SumPrecision, sumPrecisionOf } from '../../precision/sums.ts'
import { checkFloat } from '../elementwise.ts'
import { fusedActivation } from '../fused-activation.ts'
import { convolve, type Surroundings } from './convolve.ts'
import {
  checkDynamicBias,
  checkGroup,
  checkInputChannels,
  checkInputs,
  checkStoredFloat,
  dynamicWeightAxes,
  type FilterParams,
  type FilterShape,
  type Filters,
  filterShapeOf,
  isPacked,
  packFilters,
} from './filters.ts'
import {
  convolutionGeometry,
  type Dimensions,
  type Geometry,
  imageOf,
  imageShape,
  type Padding,
  type Spatial,
  volumeOf,
  type Window,
} from './geometry.ts'
import { convolveHalf, type HalfFilters, halfFilters, isHalfPlane } from './half-convolution.ts'
import { convolveInt8, type Int8Filters, int8Filters, type LoadedWeights } from './int8.ts'
import { type ArmInt8, usesQuantizeLayers } from './int8-on-arm.ts'
import { checkPositive, paddingOf, type WindowParams, windowOf } from './params.ts'
import { convolveWinograd, type WinogradFilters, winogradFilters, winogradSize } from './winograd.ts'

export interface ConvolutionParams extends FilterParams, WindowParams {
  readonly pad_value: number
  readonly activation_type: number
  readonly activation_params: readonly number[]
}

/** A convolution layer after loading. It has no kind of filters when the weights are inputs. */
export interface PreparedConvolution extends Surroundings {
  readonly window: Window
  readonly padding: Padding
  readonly filters?: Filters
  readonly int8Filters?: Int8Filters
  /** Instead of `filters`, for Winograd's algorithm. */
  readonly winogradFilters?: WinogradFilters
  /** Instead of `filters`, for sums in half precision. */
  readonly halfFilters?: HalfFilters
  readonly lastGeometry: GeometryMemory
}

/** The geometry for the last input shape: runs of a model rarely differ in it. */
interface GeometryMemory {
  known?: { readonly shape: readonly number[]; readonly filters: FilterShape; readonly geometry: Geometry }
}

interface LoadedConvolution {
  readonly params: ConvolutionParams
  readonly weights: LoadedWeights
  readonly graph: GraphLayer
  readonly sumsInHalf: boolean
  readonly storage16: Storage16 | undefined
  readonly layout: ArmLayout
  readonly winograd: readonly WinogradSize[]
}

export function prepareConvolution(layer: LoadedConvolution, workspace: Workspace): PreparedConvolution {
  const prepared = prepareSurroundings(layer, workspace)
  const { params, weights } = layer
  const { weight_data: weight, bias_data: bias } = weights
  if (weight === undefined) return prepared
  const shape = filterShapeOf(params, prepared.window.kernel)
  if (weights.weight_data_int8_scales !== undefined) {
    const onArm = int8OnArm(layer, shape, prepared, workspace)
    const floats = asFloat32(weight, workspace)
    const { window, activation } = prepared
    return { ...prepared, int8Filters: int8Filters(shape, window, floats, weights, activation, onArm, workspace) }
  }
  const filters = { ...shape, weight, bias }
  const size = winogradSize(shape, prepared.window, prepared.sums, layer.winograd)
  if (size !== undefined) {
    checkStoredFloat(weight)
    return { ...prepared, winogradFilters: winogradFilters(size, filters, workspace) }
  }
  if (prepared.sums === 'float16' && isHalfPlane(shape)) {
    checkStoredFloat(weight)
    const { layout, graph } = layer
    const isSequence = graph.type === 'Convolution1D'
    return { ...prepared, halfFilters: halfFilters(filters, prepared.window, { layout, isSequence }, workspace) }
  }
  return { ...prepared, filters: storedFilters(filters, prepared.sums, workspace) }
}

/** Undefined where nothing is simulated. */
function int8OnArm(
  { storage16, sumsInHalf, layout, weights }: LoadedConvolution,
  shape: FilterShape,
  { window, activation }: PreparedConvolution,
  { float }: Workspace,
): ArmInt8 | undefined {
  if (storage16 === undefined || float !== 'float32') return undefined
  const toInt8 = weights.top_blob_int8_scales !== undefined
  return { storage16, sumsInHalf, usesLayers: usesQuantizeLayers(shape, window, activation, layout, toInt8) }
}

/** Prepares all but the filters. */
export function prepareSurroundings(layer: LoadedConvolution, workspace: Workspace): PreparedConvolution {
  const { params } = layer
  checkInputs(params, layer.graph)
  return {
    window: windowOf(params),
    padding: paddingOf(params),
    padValue: params.pad_value,
    activation: fusedActivation(params),
    sums: sumPrecisionOf(layer, workspace),
    lastGeometry: {},
  }
}

/** Prepares filters from the model; what packing replaces is released. */
export function storedFilters(filters: Filters, sums: SumPrecision, workspace: Workspace): Filters {
  checkStoredFloat(filters.weight)
  if (!isPacked(filters, sums)) return { ...filters, weight: asFloat32(filters.weight, workspace), packed: true }
  const packed = packFilters(filters, sums, workspace, workspace.alloc)
  filters.weight.release()
  return packed
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
): Filters {
  checkStoredFloat(weight)
  checkGroup(outputs, group)
  checkPositive('kernel size', kernel)
  const inputs = channels / group
  const needed = outputs * inputs * volumeOf(kernel)
  if (!Number.isInteger(inputs) || needed > weight.length) {
    throw new NcnnError(
      `${channels} input channels in ${group} groups need ${needed} weights, but weight_data_size is ${weight.length}`,
    )
  }
  return { group, outputs, inputs, kernel, weight, bias }
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
  checkFloat(weight, workspace, 'the weight')
  checkDynamicBias(bias, outputs, workspace)
  return { group, outputs, inputs, kernel, weight, bias }
}

/** Convolves an image of so many dimensions. Filters that were not prepared at load are packed for this run only. */
export function forwardConvolution(
  dimensions: Dimensions,
  [x, weight, bias]: readonly [Blob, Blob?, Blob?],
  { params, prepared }: { readonly params: ConvolutionParams; readonly prepared: PreparedConvolution },
  workspace: Workspace,
): Blob {
  if (prepared.int8Filters !== undefined) return forwardInt8(dimensions, x, prepared.int8Filters, prepared, workspace)
  checkFloat(x, workspace)
  const { winogradFilters, halfFilters } = prepared
  const filters =
    prepared.filters ??
    winogradFilters ??
    halfFilters ??
    dynamicFilters(weight, bias, params.group ?? 1, dimensions, workspace)
  const geometry = geometryFor(x, filters, prepared, dimensions)
  const y = workspace.alloc(imageShape({ channels: filters.outputs, size: geometry.output }, dimensions))
  if (winogradFilters !== undefined) {
    convolveWinograd(x, winogradFilters, geometry, prepared, y, workspace)
    return y
  }
  if (halfFilters !== undefined) {
    convolveHalf(x, halfFilters, geometry, prepared, y, workspace)
    return y
  }
  const packed = filters.packed ? filters : packFilters(filters, prepared.sums, workspace, workspace.scratch)
  convolve(x, packed, geometry, prepared, y, workspace)
  return y
}

function forwardInt8(
  dimensions: Dimensions,
  x: Blob,
  filters: Int8Filters,
  prepared: PreparedConvolution,
  workspace: Workspace,
): Blob {
  if (x.dtype !== 'int8') checkFloat(x, workspace)
  const geometry = geometryFor(x, filters, prepared, dimensions)
  const shape = imageShape({ channels: filters.outputs, size: geometry.output }, dimensions)
  const y = workspace.alloc(shape, filters.outputScale === undefined ? workspace.float : 'int8')
  convolveInt8(x, filters, geometry, prepared, y, workspace)
  return y
}

function geometryFor(
  x: Blob,
  filters: FilterShape,
  { window, padding, lastGeometry }: PreparedConvolution,
  dimensions: Dimensions,
): Geometry {
  const { known } = lastGeometry
  if (known?.filters === filters && sameShape(known.shape, x.shape)) return known.geometry
  const { channels, size } = imageOf(x.shape, dimensions)
  checkInputChannels(filters, channels)
  const pads = x.shape.length === 1 ? alongWidth(padding) : padding
  const geometry = convolutionGeometry({ ...window, kernel: filters.kernel }, pads, size)
  lastGeometry.known = { shape: x.shape, filters, geometry }
  return geometry
}

/** ncnn pads a 1-d blob along its width only. */
function alongWidth(padding: Padding): Padding {
  if (padding.rule !== 'explicit') return padding
  const { before, after } = padding
  return { ...padding, before: [0, 0, before[2]], after: [0, 0, after[2]] }
}
