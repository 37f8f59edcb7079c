// What ncnn does not look at: a layer that is fed other channels or features than its weights are for, or nothing, reads past its input.
import { formatShape, sizeOf } from '../../../../tensor/shape.ts'
import type { Tensor } from '../../../../tensor/tensor.ts'
import type { MayBeAbsent } from '../../../graph.ts'
import type { Batched } from '../../batches.ts'
import { NcnnError } from '../../error.ts'
import { describeLayer, type GraphLayer } from '../../graph.ts'
import { int, readParams } from '../../params.ts'
import { carriedShapes } from './carried-shapes.ts'

/** Layers that read channels, and how many axes an image of theirs has. Of ConvolutionDepthWise1D surplus weights are usual. */
const spatialAxes: Readonly<Record<string, number>> = {
  Convolution1D: 1,
  Deconvolution1D: 1,
  DeconvolutionDepthWise1D: 1,
  Convolution: 2,
  ConvolutionDepthWise: 2,
  Deconvolution: 2,
  DeconvolutionDepthWise: 2,
  Convolution3D: 3,
  ConvolutionDepthWise3D: 3,
  Deconvolution3D: 3,
  DeconvolutionDepthWise3D: 3,
}
const convolutionParams = {
  num_output: int(0),
  kernel_w: int(1),
  weight_data_size: int(6),
  group: int(7, 1),
  kernel_h: int(11, 'kernel_w'),
  kernel_d: int(21, 'kernel_w'),
} as const
const innerProductParams = { num_output: int(0), weight_data_size: int(2) } as const

/**
 * Checks what is fed to convolutions and to fully connected layers, also through layers that leave its shape to be known.
 * @throws {NcnnError} naming the layer and what it takes
 */
export function checkFedChannels(
  fed: ReadonlyMap<string, Tensor>,
  layers: readonly GraphLayer[],
  batched: Batched,
): void {
  const shapes = carriedShapes(fed, layers, batched)
  for (const layer of layers) {
    const shape = shapes.get(layer.inputs[0])
    if (shape === undefined) continue
    const taken = layer.type === 'InnerProduct' ? otherFeatures(layer, shape) : otherChannels(layer, shape)
    if (taken === undefined) continue
    throw new NcnnError(`${describeLayer(layer)} cannot run on ${formatShape(shape)}: the weights are for ${taken}`, {
      code: 'wrong-input',
    })
  }
}

/** What a convolution's weights are for, where it is something else. */
function otherChannels(layer: GraphLayer, shape: readonly number[]): string | undefined {
  const axes = spatialAxes[layer.type]
  const channels = axes === undefined ? undefined : channelsOf(layer, axes)
  // ncnn takes a row for the features of one pixel where it can
  if (channels === undefined || shape.length === 1 || (axes !== 2 && shape.length !== axes + 1)) return undefined
  const [depth, found] = [axes === 2 && shape.length === 4 ? shape[1] : 1, shape.length === axes ? 1 : shape[0]]
  return depth === 1 && found === channels ? undefined : `${channels} input channels`
}

/** What a fully connected layer's weights are for, where it is something else: all elements are one row, or those of a matrix are many. */
function otherFeatures(layer: GraphLayer, shape: readonly number[]): string | undefined {
  const { num_output, weight_data_size } = readParams(innerProductParams, layer)
  const features = weight_data_size / num_output
  const fits = sizeOf(shape) === features || (shape.length === 2 && shape[1] === features)
  return fits || !Number.isInteger(features) ? undefined : `${features} features`
}

/**
 * Refuses tensors without elements where a layer needs some: ncnn takes them for absent.
 * @param mayBeAbsent whether a layer can do without an input
 * @throws {NcnnError} naming the layer
 */
export function checkFedElements(
  fed: ReadonlyMap<string, Tensor>,
  layers: readonly GraphLayer[],
  mayBeAbsent: MayBeAbsent<GraphLayer>,
): void {
  for (const layer of layers) {
    for (const [index, name] of layer.inputs.entries()) {
      const shape = fed.get(name)?.shape
      // copies of what is absent are absent
      if (shape === undefined || sizeOf(shape) > 0 || layer.type === 'Split' || mayBeAbsent(layer, index)) continue
      throw new NcnnError(
        `${describeLayer(layer)} cannot run on ${formatShape(shape)}: a tensor without elements is none to ncnn, which would crash`,
        { code: 'wrong-input' },
      )
    }
  }
}

/** How many channels the weights are for, if the layer has weights and says how many. */
function channelsOf(layer: GraphLayer, axes: number): number | undefined {
  const { num_output, kernel_w, kernel_h, kernel_d, weight_data_size, group } = readParams(convolutionParams, layer)
  const kernel = [kernel_w, kernel_h, kernel_d].slice(0, axes)
  const groups = layer.type.includes('DepthWise') ? group : 1
  const channels = (weight_data_size * groups) / sizeOf([num_output, ...kernel])
  return Number.isInteger(channels) && channels > 0 ? channels : undefined
}
