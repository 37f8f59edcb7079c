// A plan says what is done to which model, in plain data: fast-check makes what fails smaller, and building it again gives the same files.
import fc from 'fast-check'
import type { EngineOptions } from '../../../../src/runners/ncnn/options.ts'
import type { Tensor } from '../../../../src/tensor/tensor.ts'
import { binaryForm } from './binary-param.ts'
import { anyDamage, applyDamage, type Damage, type Files } from './damage.ts'
import { type Draft, draftOf, writeBin, writeText } from './draft.ts'
import { anyEdit, applyEdit, type Edit } from './edits.ts'
import { type FuzzModel, textModels } from './models.ts'

export interface Plan {
  readonly model: number
  readonly edits: readonly Edit[]
  readonly damage: readonly Damage[]
  readonly binary: boolean
  /** How many samples each input has, in a model that takes batches; undefined in one that does not. */
  readonly batch: number | undefined
  readonly mode: number
}

/** A model, and how to run it. */
export interface FuzzCase extends FuzzModel {
  readonly options: Pick<EngineOptions, 'ncnn' | 'precision' | 'batched'>
}

const modes: readonly Pick<EngineOptions, 'ncnn' | 'precision'>[] = [
  { ncnn: {}, precision: 'float32' },
  { ncnn: {}, precision: 'float64' },
  { ncnn: { useFp16Storage: true }, precision: 'float32' },
  { ncnn: { useFp16Storage: true, useFp16Arithmetic: true, useWinogradConvolution: true }, precision: 'float32' },
  { ncnn: { useBf16Storage: true }, precision: 'float32' },
  { ncnn: { useWinogradConvolution: true }, precision: 'float32' },
]

const drafts = textModels.map(draftOf)

/** What fails is tried with the first alternative. */
const simplest = { withCrossShrink: true }

/** Half of the plans leave the bytes alone: they test the engine, not the parser. */
export const anyPlan: fc.Arbitrary<Plan> = fc.record({
  model: fc.nat({ max: drafts.length - 1 }),
  edits: fc.array(anyEdit, { minLength: 1, maxLength: 5 }),
  damage: fc.oneof(simplest, { weight: 3, arbitrary: fc.constant([]) }, fc.array(anyDamage, { maxLength: 2 })),
  binary: fc.oneof(simplest, { weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
  batch: fc.oneof(simplest, { weight: 9, arbitrary: fc.constant(undefined) }, fc.nat({ max: 3 })),
  mode: fc.oneof(simplest, { weight: 2, arbitrary: fc.constant(0) }, fc.nat({ max: modes.length - 1 })),
})

export function build({ model, edits, damage, binary, batch, mode }: Plan): FuzzCase {
  const draft = copyOf(drafts[model])
  for (const edit of edits) applyEdit(draft, edit, drafts)
  const named = { param: writeText(draft), bin: writeBin(draft), inputs: Object.fromEntries(draft.inputs) }
  const { param, bin, inputs } = binary ? binaryForm(named) : named
  const files: Files = { param, bin }
  for (const one of damage) applyDamage(files, one)
  const options = { ...modes[mode], batched: batch !== undefined }
  return { ...files, inputs: batch === undefined ? inputs : withBatch(inputs, batch), options }
}

const copyOf = ({ layers, inputs }: Draft): Draft => ({
  layers: layers.map((layer) => ({
    ...layer,
    inputs: [...layer.inputs],
    outputs: [...layer.outputs],
    params: new Map(layer.params),
  })),
  inputs: new Map(inputs),
})

function withBatch(inputs: FuzzModel['inputs'], samples: number): FuzzModel['inputs'] {
  const stack = ({ data, shape, dtype }: Tensor): Tensor => {
    const stacked = new (data.constructor as new (length: number) => typeof data)(data.length * samples)
    for (let i = 0; i < samples; i++) stacked.set(data as never, i * data.length)
    return { data: stacked, shape: [samples, ...shape], dtype }
  }
  return Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, stack(tensor)]))
}
