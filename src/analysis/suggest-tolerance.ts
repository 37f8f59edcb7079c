// suggestTolerance: the tolerances that hold over a set of inputs, the margin that the next input needs, and how sure that is.
import { checkOptionNames, type OptionsOf } from '../arguments/options.ts'
import { compareTensors } from '../compare/compare-tensors.ts'
import { findTopKDisagreements } from '../compare/top-k.ts'
import { checkModel } from '../runners/check-arguments.ts'
import type { Model } from '../runners/model.ts'
import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import { AnalysisError } from './analysis-error.ts'
import { type OutputPair, outputPairs } from './model-outputs.ts'
import { studentsQuantile } from './students-t.ts'

type Inputs = Readonly<Record<string, TensorLike>>

export interface SuggestToleranceOptions {
  /** What the reference is fed, one record for each of the inputs. Default: the same, as in `diagnose`. */
  readonly referenceInputs?: readonly Inputs[]
  /** Counterparts that are known: output of the model -> tensor of the reference. */
  readonly pairs?: Readonly<Record<string, string>>
}

const suggestToleranceOptions = {
  referenceInputs: 'any',
  pairs: 'any',
} as const satisfies OptionsOf<SuggestToleranceOptions>

/** One bound on errors: what was seen, and what is suggested. */
export interface SuggestedBound {
  /** The largest of all inputs. */
  readonly seen: number
  /** What `seen` is multiplied by, 1 or more; 1 where the inputs are too few to tell. */
  readonly margin: number
  /** `seen * margin`, rounded up to two figures. */
  readonly tolerance: number
}

export interface OutputTolerance {
  readonly name: string
  /** Name of its counterpart. */
  readonly reference: string
  /** With `rtol: 0`. */
  readonly atol: SuggestedBound
  /** With `atol: 0`; absent where none below 1 is enough, such as where the reference is 0 and the model is not. */
  readonly rtol?: SuggestedBound
  /** As `atol`, after `normalize: 'l2'`; of vectors only, such as embeddings. */
  readonly normalized?: SuggestedBound
  /** The least cosine similarity. */
  readonly cosine: number
  /** The share of the inputs on which the `k` highest elements are the same; of vectors only, such as scores of classes. */
  readonly topK: readonly { readonly k: number; readonly share: number }[]
}

export interface ToleranceSuggestion {
  readonly outputs: readonly OutputTolerance[]
  /** How many inputs it rests on. */
  readonly inputs: number
  /** The probability that the error of another input, drawn as these were, exceeds the largest that was seen: 1 / (inputs + 1). */
  readonly exceedsSeen: number
  /** The probability that it exceeds the suggestion; undefined where the inputs are too few to tell. */
  readonly exceedsSuggested: number | undefined
}

/** Fewer inputs say nothing of how much they differ from one another. */
const fewestInputs = 3

/** One input in a hundred may exceed what is suggested. */
const level = 0.99

/** See the public `suggestTolerance`. */
export async function suggestTolerance(
  model: Model,
  reference: Model,
  inputs: readonly Inputs[],
  options: SuggestToleranceOptions = {},
): Promise<ToleranceSuggestion> {
  checkModel(model, 'suggestTolerance', 'the model')
  checkModel(reference, 'suggestTolerance', 'the reference')
  checkOptionNames(options, suggestToleranceOptions, { name: 'suggestTolerance' })
  const { referenceInputs, pairs } = options
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw new AnalysisError('inputs: expected a list of what the models are fed, such as [{ in0: tensor }, ...]', {
      code: 'wrong-input',
    })
  }
  if (referenceInputs !== undefined && referenceInputs.length !== inputs.length) {
    throw new AnalysisError(
      `inputs has ${inputs.length} records and referenceInputs ${referenceInputs.length}: give one for each`,
      { code: 'wrong-input' },
    )
  }
  const measured: Measurement[][] = []
  for (const [i, one] of inputs.entries()) {
    const outputs = await outputPairs(model, reference, { inputs: one, referenceInputs: referenceInputs?.[i], pairs })
    measured.push(outputs.map((output) => measure(output, i)))
  }
  return suggestionOf(measured)
}

/** The same from what two models computed: the outputs for each of the inputs, at least one. */
export function suggestFromOutputs(outputs: readonly (readonly OutputPair[])[]): ToleranceSuggestion {
  return suggestionOf(outputs.map((one, i) => one.map((output) => measure(output, i))))
}

function suggestionOf(measured: readonly (readonly Measurement[])[]): ToleranceSuggestion {
  return {
    outputs: measured[0].map(({ name, reference: counterpart }, output) => ({
      name,
      reference: counterpart,
      ...summarize(measured.map((one) => one[output])),
    })),
    inputs: measured.length,
    exceedsSeen: 1 / (measured.length + 1),
    exceedsSuggested: measured.length < fewestInputs ? undefined : 1 - level,
  }
}

/** What is kept of an output for one input. */
interface Measurement extends Pick<OutputPair, 'name' | 'reference'> {
  readonly absolute: number
  readonly relative: number
  readonly normalized: number | undefined
  readonly cosine: number
  readonly topK: readonly { readonly k: number; readonly agrees: boolean }[]
}

function measure({ name, reference, own, target }: OutputPair, input: number): Measurement {
  const { required, cosine } = compareTensors(own, target, { atol: 0, equalNaN: true })
  if (required.atolGivenRtol === Infinity) {
    throw new AnalysisError(
      `output "${name}" is not finite where the reference's "${reference}" is, or the other way round (input ${input + 1}): no tolerance allows that`,
      { code: 'not-comparable' },
    )
  }
  const isVector = isVectorLike(own)
  return {
    name,
    reference,
    absolute: required.atolGivenRtol,
    relative: required.rtolGivenAtol,
    normalized: isVector
      ? compareTensors(own, target, { atol: 0, equalNaN: true, normalize: 'l2' }).required.atolGivenRtol
      : undefined,
    cosine,
    topK: isVector
      ? ranks.map((k) => ({ k, agrees: findTopKDisagreements(own, target, k, { atol: 0, rtol: 0 }).length === 0 }))
      : [],
  }
}

const ranks = [1, 5]
const shortestVector = 10

/** One row of so many floats that it may be an embedding or the scores of classes. */
const isVectorLike = ({ shape, dtype, data }: Tensor): boolean =>
  /float/.test(dtype) && data.length >= shortestVector && shape.at(-1) === data.length

function summarize(inputs: readonly Measurement[]): Omit<OutputTolerance, 'name' | 'reference'> {
  const rtol = boundOf(inputs.map(({ relative }) => relative))
  const normalized = inputs.flatMap((one) => one.normalized ?? [])
  return {
    atol: boundOf(inputs.map(({ absolute }) => absolute)),
    ...(rtol.tolerance < 1 && { rtol }),
    ...(normalized.length > 0 && { normalized: boundOf(normalized) }),
    cosine: Math.min(...inputs.map(({ cosine }) => cosine)),
    topK: inputs[0].topK.map(({ k }, rank) => ({
      k,
      share: inputs.filter(({ topK }) => topK[rank].agrees).length / inputs.length,
    })),
  }
}

/** @param errors the largest of each input */
function boundOf(errors: readonly number[]): SuggestedBound {
  const seen = Math.max(...errors)
  const margin = marginOf(errors, seen)
  return { seen, margin, tolerance: roundUp(seen * margin) }
}

function marginOf(errors: readonly number[], seen: number): number {
  const positive = errors.filter((error) => error > 0)
  if (errors.length < fewestInputs || positive.length === 0) return 1
  // An input without any error is no farther from the others than the one with the least.
  const least = Math.min(...positive)
  const logarithms = errors.map((error) => Math.log(Math.max(error, least)))
  const count = logarithms.length
  const mean = logarithms.reduce((sum, x) => sum + x, 0) / count
  const deviation = Math.sqrt(logarithms.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (count - 1))
  const bound = mean + studentsQuantile(level, count - 1) * deviation * Math.sqrt(1 + 1 / count)
  return Math.max(1, Math.exp(bound) / seen)
}

/** The least number of two figures that is not below `value`. */
export function roundUp(value: number): number {
  const nearest = Number(value.toPrecision(2))
  if (nearest >= value) return nearest
  const exponent = Math.floor(Math.log10(value)) - 1
  return Number(`${Math.floor(value / 10 ** exponent) + 1}e${exponent}`)
}
