// What two models compute from the same inputs, output by output: no intermediate tensor is asked for.
import { compareTensors } from '../compare/compare-tensors.ts'
import type { CompareOptions } from '../compare/options/options.ts'
import type { Model } from '../runners/model.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { AnalysisError } from './analysis-error.ts'
import { inShapeOf, type OutputComparison, relativeError } from './outputs.ts'
import { checkPair, checkPairs, type ModelPairOptions, runReference } from './prepare.ts'

export interface OutputPair {
  readonly name: string
  /** Name of its counterpart. */
  readonly reference: string
  readonly own: Tensor
  /** The reference's, in the layout and shape of the model's. */
  readonly target: Tensor
}

/**
 * Runs both models. Outputs are paired as `pairs` says, by name, or else in order.
 * @throws {AnalysisError} when an output has no counterpart of as many elements
 */
export async function outputPairs(model: Model, reference: Model, options: ModelPairOptions): Promise<OutputPair[]> {
  const fed = checkPair(reference, options)
  checkPairs(model, options.pairs)
  const names = model.outputs.map(({ name }, rank) => counterpartOf(name, rank, reference, options.pairs))
  const computed = await model.run(Object.fromEntries(fed.map(({ name, own }) => [name, own])))
  const { values: targets } = await runReference(reference, options, [...new Set(names)])
  return model.outputs.map(({ name }, rank) => {
    const [own, target] = [computed[name], targets[names[rank]]]
    if (own.data.length !== target.data.length) {
      throw new AnalysisError(
        `output "${name}" has ${own.data.length} elements and the reference's "${names[rank]}" ${target.data.length}: is it another network? If not, name the counterpart in pairs`,
        { code: 'not-comparable' },
      )
    }
    return { name, reference: names[rank], own, target: inShapeOf(own, target) }
  })
}

/** The outputs of {@link outputPairs}, compared. */
export async function compareModelOutputs(
  model: Model,
  reference: Model,
  options: ModelPairOptions,
  tolerances: CompareOptions,
): Promise<OutputComparison[]> {
  const pairs = await outputPairs(model, reference, options)
  return pairs.map(({ name, reference: counterpart, own, target }) => ({
    name,
    reference: counterpart,
    error: relativeError(own, target),
    comparison: compareTensors(own, target, tolerances),
  }))
}

function counterpartOf(
  name: string,
  rank: number,
  { outputs, runtime }: Model,
  pairs: ModelPairOptions['pairs'] = {},
): string {
  const names = outputs.map((output) => output.name)
  const counterpart = Object.hasOwn(pairs, name) ? pairs[name] : names.includes(name) ? name : names[rank]
  if (counterpart !== undefined) return counterpart
  throw new AnalysisError(
    `output "${name}" has no counterpart: the reference (${runtime.name}) has the outputs ${names.join(', ') || 'none'}. Name it in pairs`,
    { code: 'not-comparable' },
  )
}
