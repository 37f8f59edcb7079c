// What is analysed: a model, its graph, what it was fed, and the tensors of its reference.
import type { LayerDetails, LayerInfo, Model } from '../runners/model.ts'
import type { DType } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { allFinite, type Elements } from './distance.ts'
import { floatsOf } from './elements.ts'
import { type Network, networkOf } from './network.ts'
import type { ReferenceTensors } from './reference.ts'
import { type Narrow, narrowestOf } from './representable.ts'

/** What is known of a blob from running the model as it is. */
export interface BlobFacts {
  readonly shape: readonly number[]
  readonly dtype: DType
  readonly length: number
  readonly finite: boolean
  /** The 16-bit type that all its elements fit into, when they are many and different enough to tell. */
  readonly narrow: Narrow | undefined
  /** Whether it has enough different elements to tell. */
  readonly telling: boolean
}

export interface Subject {
  readonly model: Model
  readonly reference: Model
  readonly network: Network
  readonly inputs: Readonly<Record<string, Tensor>>
  readonly references: ReferenceTensors
  /** Names of the reference's inputs, in the order of `inputs`. */
  readonly referenceInputs: Readonly<Record<string, Tensor>>
  /** Counterparts that the caller named: blob of the model -> tensor of the reference. */
  readonly pairs: ReadonlyMap<string, string>
  /** Names of the reference's outputs, in its order. */
  readonly referenceOutputs: readonly string[]
  readonly facts: ReadonlyMap<string, BlobFacts>
  /** Computes blobs from the tensors that are given in place of others. */
  compute(given: ReadonlyMap<string, Tensor>, outputs: readonly string[]): Promise<Record<string, Tensor>>
  /** What the model says of a layer; undefined where its runtime cannot look inside. */
  details(layer: LayerInfo): Promise<LayerDetails | undefined>
}

/** The reference's output of an output's name, or else the one in its place; undefined for other blobs. */
export function outputCounterpart({ model, referenceOutputs }: Subject, blob: string): string | undefined {
  const rank = model.outputs.findIndex(({ name }) => name === blob)
  if (rank < 0) return undefined
  return referenceOutputs.includes(blob) ? blob : referenceOutputs[rank]
}

type Given = Omit<Subject, 'network' | 'facts' | 'compute' | 'details'>

export async function subjectOf(given: Given): Promise<Subject> {
  const { model, inputs } = given
  const known = new Map<string, Promise<LayerDetails | undefined>>()
  const facts = await gatherFacts(model, inputs)
  return {
    ...given,
    network: networkOf(model.layers, (blob) => facts.get(blob)?.length),
    facts,
    compute: (tensors, outputs) => model.run(Object.fromEntries(tensors), { outputs }),
    details(layer) {
      let details = known.get(layer.name)
      if (details === undefined) {
        details = model.inspectLayer === undefined ? Promise.resolve(undefined) : model.inspectLayer(layer.name)
        known.set(layer.name, details)
      }
      return details
    },
  }
}

/** Runs the model once and looks at each blob as it is computed. */
async function gatherFacts(
  model: Model,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<ReadonlyMap<string, BlobFacts>> {
  const facts = new Map<string, BlobFacts>()
  const look = (name: string, tensor: Tensor): void => {
    const { shape, dtype, data } = tensor
    const elements = floatsOf(tensor)
    const seen = elements === undefined ? { finite: true, narrow: undefined, telling: false } : factsOf(elements)
    facts.set(name, { shape, dtype, length: data.length, ...seen })
  }
  await model.run(inputs, { outputs: 'all', onTensor: look })
  for (const [name, tensor] of Object.entries(inputs)) look(name, tensor)
  return facts
}

const factsOf = (elements: Elements): Pick<BlobFacts, 'finite' | 'narrow' | 'telling'> => ({
  finite: allFinite(elements),
  ...narrowestOf(elements),
})
