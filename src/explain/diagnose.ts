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

/** {@link compare} */
export async function compareModels(
  model: Model,
  reference: Model,
  options: CompareModelsOptions,
): Promise<Readable<ModelComparison>> {
  return readable(await compare(model, reference, options), explainModelComparison)
}

/** {@link find} */
export async function diagnose(
  model: Model,
  reference: Model,
  options: CompareModelsOptions,
): Promise<Readable<Diagnosis>> {
  return readable(await find(model, reference, options), explainDiagnosis)
}

/** {@link suggest} */
export async function suggestTolerance(
  model: Model,
  reference: Model,
  inputs: readonly Readonly<Record<string, TensorLike>>[],
  options?: SuggestToleranceOptions,
): Promise<Readable<ToleranceSuggestion>> {
  return readable(await suggest(model, reference, inputs, options), explainSuggestion)
}
