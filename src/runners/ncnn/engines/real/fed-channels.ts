// What ncnn does not look at: a convolution that is fed other channels than its weights are for reads past its input.
import { formatShape } from '../../../../tensor/shape.ts'
import type { Tensor } from '../../../../tensor/tensor.ts'
import { type Batched, isBatched } from '../../batches.ts'
import { NcnnError } from '../../error.ts'
import { describeLayer, type GraphLayer } from '../../graph.ts'
import { readParams } from '../../params.ts'
import { convolutionParams2d, groupParam } from '../wasm/operations/convolution/params.ts'

const params = { ...convolutionParams2d, ...groupParam }

/**
 * Checks what is fed to convolutions of images.
 * @throws {NcnnError} naming the layer and the channels that it takes
 */
export function checkFedChannels(
  fed: ReadonlyMap<string, Tensor>,
  layers: readonly GraphLayer[],
  batched: Batched,
): void {
  for (const layer of layers) {
    const [name] = layer.inputs
    const tensor = fed.get(name)
    const channels = channelsOf(layer)
    if (tensor === undefined || channels === undefined) continue
    const shape = isBatched(batched, name) ? tensor.shape.slice(1) : tensor.shape
    // ncnn takes a row for the features of one pixel where it can
    if (shape.length < 2) continue
    const [depth, found] = [shape.length === 4 ? shape[1] : 1, shape.length === 2 ? 1 : shape[0]]
    if (depth === 1 && found === channels) continue
    throw new NcnnError(
      `${describeLayer(layer)} cannot run on ${formatShape(shape)}: the weights are for ${channels} input channels`,
      { code: 'wrong-input' },
    )
  }
}

/** How many channels the weights are for, if the layer has weights and says how many. */
function channelsOf(layer: GraphLayer): number | undefined {
  if (layer.type !== 'Convolution' && layer.type !== 'ConvolutionDepthWise') return undefined
  const { num_output, kernel_w, kernel_h, weight_data_size, group } = readParams(params, layer)
  const groups = layer.type === 'Convolution' ? 1 : group
  const channels = (weight_data_size * groups) / (num_output * kernel_w * kernel_h)
  return Number.isInteger(channels) && channels > 0 ? channels : undefined
}
