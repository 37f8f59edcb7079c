// The public compareModels and diagnose: results that can say in words what they found.
import {
  type CompareModelsOptions,
  compareModels as compare,
  type ModelComparison,
} from '../analysis/compare-models.ts'
import { type Diagnosis, diagnose as find } from '../analysis/diagnose.ts'
import {
  type SuggestToleranceOptions,
  suggestTolerance as suggest,
  type ToleranceSuggestion,
} from '../analysis/suggest-tolerance.ts'
import type { Model } from '../runners/model.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import { explainDiagnosis, explainModelComparison } from './diagnosis.ts'
import type { Explanation } from './explanation.ts'
import { renderText } from './text.ts'
import { explainSuggestion } from './tolerance-suggestion.ts'

/** A result with a `toString` that explains it in at most 25 lines. */
export type Readable<Result> = Result & { toString(): string }

const readable = <Result extends object>(result: Result, explain: (result: Result) => Explanation): Readable<Result> =>
  Object.defineProperty(result, 'toString', { value: () => renderText(explain(result)) })

/**
 * Compares what two models compute: their outputs, and layer by layer what each inherits and what it introduces. Looks for no cause:
 * {@link diagnose} does.
 *
 * @param reference what the model should compute: any `Model`, or a recording, of all tensors or of some
 * @throws {AnalysisError} where there is nothing to compare: another network, no common tensor, inputs that do not fit
 */
export async function compareModels(
  model: Model,
  reference: Model,
  options: CompareModelsOptions,
): Promise<Readable<ModelComparison>> {
  return readable(await compare(model, reference, options), explainModelComparison)
}

/**
 * Names the layers at which a model parts from its reference, and the cause.
 *
 * The model is walked in execution order, every layer fed with the reference's own tensors, whatever their names and layouts: a layer is to
 * blame when its own error exceeds what rounding explains for that layer, not when an error first shows. Causes are found by changing one
 * thing at a time, and verified by a run.
 *
 * @param model the model under test. Its intermediate tensors must be there to be fed and asked for
 * @param reference what it should compute: any `Model`, or a recording, of all tensors or of some
 * @throws {AnalysisError} where there is nothing to compare: another network, no common tensor, inputs that do not fit
 */
export async function diagnose(
  model: Model,
  reference: Model,
  options: CompareModelsOptions,
): Promise<Readable<Diagnosis>> {
  return readable(await find(model, reference, options), explainDiagnosis)
}

/**
 * Measures the outputs of two models on a set of inputs and suggests the tolerance of a test.
 *
 * Another input, drawn as these were, exceeds the largest error that was seen with a probability of 1 / (n + 1), whatever the errors are
 * like. The suggestion leaves a margin that one input in a hundred exceeds: the prediction bound for one more of n log-normal
 * observations, the largest errors of each input, whose spread is known from themselves only (Hahn and Meeker, Statistical Intervals, 4.8).
 *
 * @param inputs what both models are fed, one record for each input. They should be what the model will see, not variations of one input
 * @throws {AnalysisError} where no tolerance would do: a side is not finite where the other is
 */
export async function suggestTolerance(
  model: Model,
  reference: Model,
  inputs: readonly Readonly<Record<string, TensorLike>>[],
  options?: SuggestToleranceOptions,
): Promise<Readable<ToleranceSuggestion>> {
  return readable(await suggest(model, reference, inputs, options), explainSuggestion)
}
