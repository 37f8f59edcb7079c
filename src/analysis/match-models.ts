// Whether two models agree on a set of inputs, and where they do not, a diagnosis of the input on which they differ most.
import type { CompareOptions } from '../compare/options/options.ts'
import { reasonOf } from '../host/reason.ts'
import type { Model } from '../runners/model.ts'
import { type Diagnosis, diagnose } from './diagnose.ts'
import { compareModelOutputs } from './model-outputs.ts'
import type { OutputComparison } from './outputs.ts'
import type { ModelPairOptions } from './prepare.ts'

export interface ModelMatch {
  readonly pass: boolean
  /** The outputs for each of the inputs. */
  readonly trials: readonly (readonly OutputComparison[])[]
  /** Which of the trials misses its tolerance by most; undefined when all pass. */
  readonly worst: number | undefined
  /** Where they part on the worst of the inputs, or why that cannot be told. */
  readonly diagnosis?: Diagnosis | { readonly obstacle: string }
}

/** @param explain whether a mismatch is to be diagnosed */
export async function matchModels(
  model: Model,
  reference: Model,
  inputs: readonly ModelPairOptions[],
  tolerances: CompareOptions,
  { explain }: { readonly explain: boolean },
): Promise<ModelMatch> {
  const trials: OutputComparison[][] = []
  for (const one of inputs) trials.push(await compareModelOutputs(model, reference, one, tolerances))
  const worst = worstOf(trials)
  if (worst === undefined) return { pass: true, trials, worst }
  const diagnosis = explain ? await explanationOf(model, reference, { ...inputs[worst], ...tolerances }) : undefined
  return { pass: false, trials, worst, ...(diagnosis && { diagnosis }) }
}

/** The failed trial with the greatest margin. */
function worstOf(trials: readonly (readonly OutputComparison[])[]): number | undefined {
  let worst: number | undefined
  let most = Number.NEGATIVE_INFINITY
  for (const [i, outputs] of trials.entries()) {
    const failed = outputs.filter(({ comparison }) => !comparison.pass)
    if (failed.length === 0) continue
    const margin = Math.max(...failed.map(({ comparison }) => comparison.margin))
    if (worst === undefined || margin > most) [worst, most] = [i, margin]
  }
  return worst
}

/** That the outputs differ is certain by now: what stands in the way of a diagnosis does not hide it. */
async function explanationOf(
  model: Model,
  reference: Model,
  options: ModelPairOptions & CompareOptions,
): Promise<NonNullable<ModelMatch['diagnosis']>> {
  try {
    return await diagnose(model, reference, options)
  } catch (error) {
    return { obstacle: reasonOf(error) }
  }
}
