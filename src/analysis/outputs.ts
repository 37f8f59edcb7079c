// The outputs of both models, compared as a test would compare them.
import { compareTensors } from '../compare/compare-tensors.ts'
import type { Comparison } from '../compare/comparison.ts'
import type { CompareOptions } from '../compare/options/options.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { AnalysisError } from './analysis-error.ts'
import { distance } from './distance.ts'
import { floatsOf } from './elements.ts'
import { bestFit, layoutsBetween, rearrange } from './layouts.ts'
import { outputCounterpart } from './subject.ts'
import type { Walk } from './walk-state.ts'

export interface OutputComparison {
  readonly name: string
  /** Name of its counterpart. */
  readonly reference: string
  /** Relative error, `|output - reference| / |reference|`. */
  readonly error: number
  readonly comparison: Comparison
}

/** @throws {AnalysisError} when an output has no counterpart of as many elements */
export async function compareOutputs({ subject, visited }: Walk, options: CompareOptions): Promise<OutputComparison[]> {
  const { model, references, referenceOutputs, inputs } = subject
  const computed = await model.run(inputs)
  return model.outputs.map(({ name }) => {
    const own = computed[name]
    const counterpartName = subject.pairs.get(name) ?? outputCounterpart(subject, name) ?? name
    const named = references.byName.get(counterpartName) ?? references.byName.get(name)
    const counterpart = named?.elements.length === own.data.length ? named : visited.get(name)?.match?.reference
    if (counterpart === undefined) {
      throw new AnalysisError(
        `output "${name}" has no counterpart: the reference has the outputs ${referenceOutputs.join(', ')}, none with ${own.data.length} elements in its place. Is it another network? If not, name the counterpart in pairs`,
        { code: 'not-comparable' },
      )
    }
    const target = inShapeOf(own, counterpart.tensor)
    const error = relativeError(own, target)
    return { name, reference: counterpart.name, error, comparison: compareTensors(own, target, options) }
  })
}

/** NaN for integers. */
export function relativeError(own: Tensor, target: Tensor): number {
  const [a, b] = [floatsOf(own), floatsOf(target)]
  return a === undefined || b === undefined ? Number.NaN : distance(a, b).error
}

/** The reference's elements in the layout and shape of the model's output. */
export function inShapeOf(own: Tensor, reference: Tensor): Tensor {
  const [a, b] = [floatsOf(own), floatsOf(reference)]
  if (a === undefined || b === undefined) return { ...reference, shape: own.shape }
  const fit = bestFit(a, b, layoutsBetween(own.shape, reference.shape))
  const { layout } = fit ?? { layout: layoutsBetween(own.shape, reference.shape)[0] }
  const dtype = b.BYTES_PER_ELEMENT === 8 ? 'float64' : 'float32'
  return { data: rearrange(b, layout), shape: own.shape, dtype }
}
