// compareModels: two models layer by layer, each layer fed with the reference's own tensors.
import { checkOptions } from '../compare/options/check-options.ts'
import type { CompareOptions } from '../compare/options/options.ts'
import type { Model } from '../runners/model.ts'
import { type LayerRow, layerTable } from './layer-table.ts'
import { isRepeating } from './network.ts'
import { compareOutputs, type OutputComparison } from './outputs.ts'
import { type ModelPairOptions, prepare } from './prepare.ts'
import { type Row, rowsOf } from './rows.ts'
import { walkThrough } from './walk.ts'
import type { Walk } from './walk-state.ts'

export interface CompareModelsOptions extends CompareOptions, ModelPairOptions {}

export interface ModelComparison {
  /** Whether every output is within its tolerance. */
  readonly pass: boolean
  readonly outputs: readonly OutputComparison[]
  /** In execution order. */
  readonly layers: readonly LayerRow[]
  /** Blobs for which the reference has no counterpart: layers that it fuses, or that it has not. */
  readonly unmatched: readonly string[]
}

/** Compares what both compute; {@link Examined} keeps what a diagnosis goes on with. */
export async function compareModels(
  model: Model,
  reference: Model,
  options: CompareModelsOptions,
): Promise<ModelComparison> {
  const { comparison } = await examine(model, reference, options)
  return comparison
}

export interface Examined {
  readonly comparison: ModelComparison
  readonly walk: Walk
  readonly rows: readonly Row[]
}

export async function examine(model: Model, reference: Model, options: CompareModelsOptions): Promise<Examined> {
  const { inputs, referenceInputs, pairs, ...tolerances } = options
  checkOptions(tolerances)
  const walk = await walkThrough(await prepare(model, reference, { inputs, referenceInputs, pairs }))
  const outputs = await compareOutputs(walk, tolerances)
  const rows = await rowsOf(walk)
  const layers = await layerTable(walk, rows)
  const unmatched = walk.subject.network.layers
    .filter((layer) => !isRepeating(layer))
    .flatMap((layer) => layer.outputs)
    .filter((blob) => walk.visited.get(blob)?.match === undefined)
  return {
    comparison: { pass: outputs.every(({ comparison }) => comparison.pass), outputs, layers, unmatched },
    walk,
    rows,
  }
}
