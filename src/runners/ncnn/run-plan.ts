// What a run needs, whichever engine runs it: are the inputs there, which layers must run for the requested blobs.
import { quoteNames } from '../../tensor/quote-names.ts'
import type { Tensor, TensorLike } from '../../tensor/tensor.ts'
import { toTensor } from '../../tensor/to-tensor.ts'
import { type MayBeAbsent, needed } from '../graph.ts'
import type { LayerInfo, TensorInfo } from '../model.ts'
import { NcnnError } from './error.ts'
import type { GraphLayer } from './graph.ts'
import { inputParams } from './input-params.ts'
import { readParams } from './params.ts'
import type { Topology } from './topology.ts'

/** Most axes an ncnn blob has. */
const maxRank = 4

/** The shape that an `Input` layer declares; without one, the input takes any. */
export function inputInfo(name: string, { producers }: Topology): TensorInfo {
  const { w, h, d, c } = readParams(inputParams, producers.get(name) as GraphLayer)
  if (!w) return { name }
  const shape = d ? [c, d, h, w] : c ? [c, h, w] : h ? [h, w] : [w]
  return { name, shape }
}

/** The layers as a model tells them. */
export const layerInfos = ({ layers }: Topology): LayerInfo[] =>
  layers.map(({ name, type, inputs, outputs }) => ({ name, type, inputs, outputs }))

/** Turns what was fed into tensors, by blob. */
export function checkInputs(
  source: string,
  topology: Topology,
  inputs: Readonly<Record<string, TensorLike>>,
): Map<string, Tensor> {
  const fed = new Map<string, Tensor>()
  for (const [name, value] of Object.entries(inputs)) {
    if (!topology.producers.has(name)) {
      throw new NcnnError(`${source} has no blob "${name}" to feed; its inputs are ${quoteNames(topology.inputs)}`, {
        code: 'wrong-input',
      })
    }
    const tensor = toTensor(value, { name: `input "${name}"` })
    if (tensor.shape.length < 1 || tensor.shape.length > maxRank) {
      throw new NcnnError(
        `input "${name}" has shape [${tensor.shape.join(', ')}], but ncnn's tensors have 1 to ${maxRank} axes and no batch axis. ` +
          'If the first axis is a batch, load the model with `batched: true`',
        { code: 'wrong-input' },
      )
    }
    fed.set(name, tensor)
  }
  return fed
}

/** The blobs that were asked for, without repetitions. */
export function checkOutputs(source: string, topology: Topology, wanted: readonly string[]): readonly string[] {
  const unknown = wanted.filter((name) => !topology.producers.has(name))
  if (unknown.length > 0) {
    const close = topology.blobs.length <= 20 ? topology.blobs : topology.outputs
    throw new NcnnError(
      `${source} has no blob ${quoteNames(unknown)}; it has ${quoteNames(close)}${close === topology.blobs ? '' : ` and ${topology.blobs.length - close.length} intermediates (model.blobs)`}`,
      { code: 'wrong-input' },
    )
  }
  return [...new Set(wanted)]
}

export interface RunPlan {
  /** The layers that must run, in order. */
  readonly layers: readonly GraphLayer[]
  /** How often each blob will be read. */
  readonly readers: ReadonlyMap<string, number>
  /** Inputs that were not fed and that their readers can do without. */
  readonly absent: readonly string[]
}

/** What `outputs: 'all'` stands for: the blobs that computing the outputs takes, fed and computed, in execution order. */
export function allBlobs(
  source: string,
  topology: Topology,
  fed: ReadonlyMap<string, Tensor>,
  mayBeAbsent: MayBeAbsent<GraphLayer>,
): readonly string[] {
  const { layers } = planRun(source, topology, fed, topology.outputs, mayBeAbsent)
  const computed = new Set([...fed.keys(), ...layers.flatMap((layer) => layer.outputs)])
  return topology.blobs.filter((name) => computed.has(name))
}

/**
 * Plans how to compute the requested blobs from those that were fed.
 * @throws {NcnnError} when an input is needed that was not fed
 */
export function planRun(
  source: string,
  topology: Topology,
  fed: ReadonlyMap<string, Tensor>,
  requested: readonly string[],
  mayBeAbsent: MayBeAbsent<GraphLayer>,
): RunPlan {
  const { layers, missing, absent } = needed(topology.layers, fed, requested, mayBeAbsent)
  const [first] = missing
  if (first !== undefined) throw new NcnnError(missingInput(source, first, topology, fed), { code: 'wrong-input' })
  const readers = new Map<string, number>()
  for (const name of layers.flatMap((layer) => layer.inputs)) readers.set(name, (readers.get(name) ?? 0) + 1)
  return { layers, readers, absent }
}

function missingInput(source: string, name: string, { inputs }: Topology, fed: ReadonlyMap<string, Tensor>): string {
  const given = fed.size === 0 ? 'none was given' : `given: ${quoteNames([...fed.keys()])}`
  return `${source}: input "${name}" is needed but missing; the model's inputs are ${quoteNames(inputs)}, ${given}`
}
