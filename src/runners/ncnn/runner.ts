// An ncnn network as a Runner, whichever engine computes it.
import { formatShape } from '../../tensor/shape.ts'
import type { Runner } from '../create-model.ts'
import type { Runtime, TensorInfo } from '../model.ts'
import { type Batched, isBatched } from './batches.ts'
import type { GraphLayer } from './graph.ts'
import { inputParams } from './input-params.ts'
import type { NcnnModel, NcnnNetwork } from './options.ts'
import { readParams } from './params.ts'

/** Most axes an ncnn blob has. */
const maxRank = 4

export function ncnnRunner(
  { graph, topology }: NcnnModel,
  network: NcnnNetwork,
  runtime: Runtime,
  batched: Batched,
): Runner<GraphLayer> {
  const { producers, inputs, outputs, blobs, layers } = topology
  return {
    ...network,
    source: graph.source,
    runtime,
    inputs: inputs.map((name) => inputInfo(name, producers.get(name), isBatched(batched, name))),
    outputs: outputs.map((name) => ({ name })),
    blobs,
    layers,
    has: (name) => producers.has(name),
    dtypeOf: () => undefined,
    // ncnn takes inputs of other shapes than its Input layers declare.
    refuses(name, { shape }) {
      const rank = shape.length - (isBatched(batched, name) ? 1 : 0)
      if (rank >= 1 && rank <= maxRank) return undefined
      return (
        `input "${name}" has shape ${formatShape(shape)}, but ncnn's tensors have 1 to ${maxRank} axes, and a batch axis only where ` +
        'the model was loaded with `batched: true`, or with the names of the inputs that have one'
      )
    },
  }
}

/** The shape that an `Input` layer declares, behind a batch axis if it has one; without it, the input takes any. */
export function inputInfo(name: string, layer: GraphLayer | undefined, hasBatch: boolean): TensorInfo {
  if (layer === undefined) return { name }
  const { w, h, d, c } = readParams(inputParams, layer)
  if (!w) return { name }
  const shape = d ? [c, d, h, w] : c ? [c, h, w] : h ? [h, w] : [w]
  return { name, shape: hasBatch ? [-1, ...shape] : shape }
}
