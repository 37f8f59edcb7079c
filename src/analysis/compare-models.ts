// compareModels: two models layer by layer, each layer fed with the reference's own tensors.
import { checkOptionNames, type OptionsOf } from '../arguments/options.ts'
import { checkOptions } from '../compare/options/check-options.ts'
import { type CompareOptions, compareOptions } from '../compare/options/options.ts'
import { checkModel, problemWithInputs } from '../runners/check-arguments.ts'
import type { Model } from '../runners/model.ts'
import { AnalysisError } from './analysis-error.ts'
import { type LayerRow, layerTable } from './layer-table.ts'
import { compareOutputs, type OutputComparison } from './outputs.ts'
import { type ModelPairOptions, prepare } from './prepare.ts'
import { type Row, rowsOf } from './rows.ts'
import { walkThrough } from './walk.ts'
import type { Walk } from './walk-state.ts'

export interface CompareModelsOptions extends CompareOptions, ModelPairOptions {}

const compareModelsOptions = {
  inputs: 'any',
  referenceInputs: 'any',
  pairs: 'any',
  ...compareOptions,
} as const satisfies OptionsOf<CompareModelsOptions>

/**
 * Checks what every analysis of two models is handed.
 * @param caller what was called, for messages
 * @returns the options of a comparison among the options
 * @throws TypeError for what is no model, and for options that there are not
 */
export function checkAnalysis(
  caller: string,
  model: unknown,
  reference: unknown,
  options: CompareModelsOptions | undefined,
): CompareOptions {
  const { inputs: declared } = checkModel(model, caller, 'the model')
  checkModel(reference, caller, 'the reference')
  if (options === undefined) {
    throw new TypeError(`${caller}: give what the models are fed, such as { inputs: { in0: tensor } }`)
  }
  checkOptionNames(options, compareModelsOptions, { name: caller })
  const problem = problemWithInputs(options.inputs, declared)
  if (problem !== undefined) throw new AnalysisError(`${caller}: inputs: ${problem}`, { code: 'wrong-input' })
  const { inputs, referenceInputs, pairs, ...tolerances } = options
  checkOptions(tolerances)
  return tolerances
}

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
  const tolerances = checkAnalysis('compareModels', model, reference, options)
  const { comparison } = await examine(model, reference, options, tolerances)
  return comparison
}

export interface Examined {
  readonly comparison: ModelComparison
  readonly walk: Walk
  readonly rows: readonly Row[]
}

export async function examine(
  model: Model,
  reference: Model,
  { inputs, referenceInputs, pairs }: ModelPairOptions,
  tolerances: CompareOptions,
): Promise<Examined> {
  const walk = await walkThrough(await prepare(model, reference, { inputs, referenceInputs, pairs }))
  return examineWalk(walk, await compareOutputs(walk, tolerances))
}

/** The same, with no tensor taken for a counterpart that is not surely one: what is supposed may be wrong. */
export async function examineSurely({ walk, comparison }: Examined): Promise<Examined> {
  return examineWalk(await walkThrough(walk.subject, { surely: true }), comparison.outputs)
}

async function examineWalk(walk: Walk, outputs: readonly OutputComparison[]): Promise<Examined> {
  const rows = await rowsOf(walk)
  const layers = await layerTable(walk, rows)
  const { network } = walk.subject
  const unmatched = network.layers
    .filter((layer) => !network.isRepeating(layer))
    .flatMap((layer) => layer.outputs)
    .filter((blob) => walk.visited.get(blob)?.match === undefined)
  return {
    comparison: { pass: outputs.every(({ comparison }) => comparison.pass), outputs, layers, unmatched },
    walk,
    rows,
  }
}
