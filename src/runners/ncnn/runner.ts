// An ncnn network as a Runner, whichever engine computes it.
import { formatShape } from '../../tensor/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Runner } from '../create-model.ts'
import type { Runtime, TensorInfo } from '../model.ts'
import { type Batched, isBatched } from './batches.ts'
import { NcnnError } from './error.ts'
import type { GraphLayer } from './graph.ts'
import { inputParams } from './input-params.ts'
import type { NcnnModel, NcnnNetwork } from './options.ts'
import { readParams } from './params.ts'

/** Most axes an ncnn blob has. */
const maxRank = 4

const imageChannels = [1, 3, 4]

export function ncnnRunner(
  { graph, topology }: NcnnModel,
  network: NcnnNetwork,
  runtime: Runtime,
  batched: Batched,
): Runner<GraphLayer> {
  const { producers, inputs, outputs, blobs, layers } = topology
  return {
    ...network,
    async compute(fed, ...request) {
      try {
        await network.compute(fed, ...request)
      } catch (error) {
        throw withAdvice(error, adviceOnBatch(fed, batched) ?? adviceOnLayout(fed))
      }
    },
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
      const hasBatch = isBatched(batched, name)
      const declared = hasBatch ? inputInfo(name, producers.get(name), false).shape : undefined
      if (declared?.length === shape.length) {
        return (
          `input "${name}" has no batch axis, which \`batched\` says it has: a sample is ${formatShape(declared)}. ` +
          `Feed ${formatShape([1, ...shape])}`
        )
      }
      const rank = shape.length - (hasBatch ? 1 : 0)
      if (rank >= 1 && rank <= maxRank) return undefined
      return (
        `input "${name}" has shape ${formatShape(shape)}, but ncnn's tensors have 1 to ${maxRank} axes, and a batch axis only where ` +
        'the model was loaded with `batched: true`, or with the names of the inputs that have one'
      )
    },
  }
}

/** What may be wrong about batch axes where a run failed; undefined where nothing looks like it. */
function adviceOnBatch(fed: ReadonlyMap<string, Tensor>, batched: Batched): string | undefined {
  for (const [name, { shape }] of fed) {
    if (isBatched(batched, name)) {
      if (shape.length >= maxRank) continue
      return (
        `with \`batched\`, the first axis of "${name}", ${formatShape(shape)}, is the batch, and each sample has the shape ` +
        `${formatShape(shape.slice(1))}. If this is a single sample, feed ${formatShape([1, ...shape])}`
      )
    }
    if (shape.length < maxRank && !(shape.length > 1 && shape[0] === 1)) continue
    return (
      `ncnn's shapes leave the batch out. If the first axis of "${name}", ${formatShape(shape)}, is one, feed ` +
      `${formatShape(shape.slice(1))}, or load the model with \`batched: true\``
    )
  }
  return undefined
}

/** Images that look as pixels lie in memory, [h, w, 3], where a run failed. */
function adviceOnLayout(fed: ReadonlyMap<string, Tensor>): string | undefined {
  for (const [name, { shape }] of fed) {
    const [h, w, c] = shape
    if (shape.length !== 3 || !imageChannels.includes(c) || Math.min(h, w) <= c) continue
    return (
      `If "${name}", ${formatShape(shape)}, has its channels last, transpose it: ncnn's images are [c, h, w], ` +
      `this one would be ${formatShape([c, h, w])}`
    )
  }
  return undefined
}

function withAdvice(error: unknown, advice: string | undefined): unknown {
  if (!(error instanceof NcnnError) || advice === undefined) return error
  return new NcnnError(`${error.message}\n${advice}`, { code: error.code, cause: error })
}

/** The shape that an `Input` layer declares, behind a batch axis if it has one; without it, the input takes any. */
export function inputInfo(name: string, layer: GraphLayer | undefined, hasBatch: boolean): TensorInfo {
  if (layer === undefined) return { name }
  const { w, h, d, c } = readParams(inputParams, layer)
  if (!w) return { name }
  const shape = d ? [c, d, h, w] : c ? [c, h, w] : h ? [h, w] : [w]
  return { name, shape: hasBatch ? [-1, ...shape] : shape }
}
