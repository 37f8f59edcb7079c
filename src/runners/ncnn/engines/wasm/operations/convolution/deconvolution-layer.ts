// What all deconvolution layers do: at load their filters are prepared, at run time an image is spread by them.
import { NcnnError } from '../../../../error.ts'
import type { GraphLayer } from '../../../../graph.ts'
import type { Workspace } from '../../layer.ts'
import type { Blob } from '../../memory/blob.ts'
import type { ArmLayout } from '../../precision/arm-layout.ts'
import { type SumPrecision, sumPrecisionOf } from '../../precision/sums.ts'
import { checkFloat } from '../elementwise.ts'
import { type FusedActivation, fusedActivation } from '../fused-activation.ts'
import {
  deconvolve,
  exchangeChannels,
  isProduct,
  packProducts,
  type SpreadingFilters,
  tapsFirst,
} from './deconvolve.ts'
import {
  checkDynamicBias,
  checkGroup,
  checkInputChannels,
  checkInputs,
  checkStoredFloat,
  dynamicWeightAxes,
  type FilterParams,
  type FilterShape,
  filterShapeOf,
} from './filters.ts'
import {
  type Cut,
  type Dimensions,
  deconvolutionGeometry,
  imageOf,
  imageShape,
  type Spatial,
  type Window,
} from './geometry.ts'
import { cutOf, type OutputParams, outputPadOf, type WindowParams, windowOf } from './params.ts'

export interface DeconvolutionParams extends FilterParams, WindowParams, OutputParams {
  readonly activation_type: number
  readonly activation_params: readonly number[]
}

/** A deconvolution layer after loading. It has no filters when the weights are inputs. */
export interface PreparedDeconvolution {
  readonly window: Window
  readonly outputPad: Spatial
  readonly cut: Cut
  readonly activation: FusedActivation
  readonly sums: SumPrecision
  readonly layout: ArmLayout
  readonly grouped: boolean
  readonly filters?: SpreadingFilters
}

interface LoadedDeconvolution {
  readonly params: DeconvolutionParams
  readonly weights: { readonly weight_data: Blob | undefined; readonly bias_data: Blob | undefined }
  readonly graph: GraphLayer
  readonly sumsInHalf: boolean
  readonly layout: ArmLayout
}

export function prepareDeconvolution(layer: LoadedDeconvolution, workspace: Workspace): PreparedDeconvolution {
  const { params, weights } = layer
  checkInputs(params, layer.graph)
  const prepared = {
    window: windowOf(params),
    outputPad: outputPadOf(params),
    cut: cutOf(params),
    activation: fusedActivation(params),
    sums: sumPrecisionOf(layer, workspace),
    layout: layer.layout,
    grouped: params.group !== undefined,
  }
  const { weight_data, bias_data } = weights
  if (weight_data === undefined) return prepared
  const shape = filterShapeOf(params, prepared.window.kernel)
  return { ...prepared, filters: storedFilters(shape, weight_data, bias_data, prepared, workspace) }
}

/** Filters from the model, whose weights [group][outputs][inputs][taps] are replaced by reordered ones. */
function storedFilters(
  shape: FilterShape,
  weight: Blob,
  bias: Blob | undefined,
  { sums, layout }: Pick<PreparedDeconvolution, 'sums' | 'layout'>,
  workspace: Workspace,
): SpreadingFilters {
  checkStoredFloat(weight)
  if (shape.inputs === 1) return { ...shape, weight, bias }
  if (sums === 'float16' && layout.sgemm) {
    const rows = workspace.alloc(weight.shape, weight.dtype)
    tapsFirst(shape, weight.data, rows.data)
    weight.release()
    return { ...shape, weight: rows, bias, hasRows: true }
  }
  const packs = isProduct(shape, sums)
  const exchanged = (packs ? workspace.scratch : workspace.alloc)(weight.shape, weight.dtype)
  exchangeChannels(shape, weight.data, exchanged.data)
  weight.release()
  return { ...shape, weight: packs ? packProducts(shape, exchanged, workspace, workspace.alloc) : exchanged, bias }
}

/** Filters from inputs: weight [group * inputs][outputs / group][...kernel] and a bias of as many elements as outputs. */
function dynamicFilters(
  weight: Blob | undefined,
  bias: Blob | undefined,
  group: number,
  dimensions: Dimensions,
  sums: SumPrecision,
  workspace: Workspace,
): SpreadingFilters {
  if (weight === undefined) throw new NcnnError('the weight is missing')
  const { first: channels, second: groupOutputs, kernel } = dynamicWeightAxes(weight, dimensions)
  const shape = { group, outputs: groupOutputs * group, inputs: channels / group, kernel }
  checkGroup(shape.outputs, group)
  if (!Number.isInteger(shape.inputs))
    throw new NcnnError(`${channels} input channels cannot be split into ${group} groups`)
  checkFloat(weight, workspace, 'the weight')
  checkDynamicBias(bias, shape.outputs, workspace)
  if (!isProduct(shape, sums)) return { ...shape, weight, bias }
  return { ...shape, weight: packProducts(shape, weight, workspace, workspace.scratch), bias }
}

/** Spreads an image of so many dimensions. */
export function forwardDeconvolution(
  dimensions: Dimensions,
  [x, weight, bias]: readonly [Blob, Blob?, Blob?],
  { params, prepared }: { readonly params: DeconvolutionParams; readonly prepared: PreparedDeconvolution },
  workspace: Workspace,
): Blob {
  checkFloat(x, workspace)
  const { window, outputPad, cut, sums } = prepared
  const filters = prepared.filters ?? dynamicFilters(weight, bias, params.group ?? 1, dimensions, sums, workspace)
  const image = imageOf(x.shape, dimensions)
  checkInputChannels(filters, image.channels)
  const geometry = deconvolutionGeometry({ ...window, kernel: filters.kernel }, outputPad, cut, image.size)
  const y = workspace.alloc(imageShape({ channels: filters.outputs, size: geometry.output }, dimensions))
  const depthwise = prepared.grouped && filters.inputs === 1 && filters.group === filters.outputs
  deconvolve(x, filters, geometry, { ...prepared, depthwise }, y, workspace)
  return y
}
