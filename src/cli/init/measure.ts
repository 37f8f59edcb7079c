// What two models compute from the same inputs, and the tolerance that holds between them.
import { type OutputPair, outputPairs } from '../../analysis/model-outputs.ts'
import { roundUp, suggestFromOutputs } from '../../analysis/suggest-tolerance.ts'
import { compareTensors } from '../../compare/compare-tensors.ts'
import type { Model } from '../../runners/model.ts'
import type { DType } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { FedPair } from './fed-pair.ts'

type Inputs = Readonly<Record<string, Tensor>>

export interface MeasuredOutput {
  readonly name: string
  /** Name of its counterpart. */
  readonly reference: string
  /** The largest error of all inputs. */
  readonly seen: number
  readonly atol: number
  /** The largest of all inputs of |output - reference| / |reference|. */
  readonly relativeError: number
}

export interface Measurement {
  readonly outputs: readonly MeasuredOutput[]
  /** For each input: what the model is fed, and what the reference made of it, in the model's names and shapes. */
  readonly records: readonly { readonly inputs: Inputs; readonly references: Readonly<Record<string, Tensor>> }[]
  /** Of the model's runs, in milliseconds. */
  readonly longestTime: number
}

/** Twice the largest error: other machines and releases round otherwise. */
const leastMargin = 2

/** Errors of so many units in the last place of an output's largest number are no news, even where none was seen. */
const leastUlps = 4

/** Distance from 1 to the next number. Integers have no roundings. */
const epsilons: Partial<Record<DType, number>> = {
  float64: 2 ** -52,
  float32: 2 ** -23,
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
}

/**
 * @param onInput is told of each input, by its number from 1, before the models are run on it
 */
export async function measure(
  { model, references, inputs, referenceInputs }: FedPair,
  onInput: (input: number) => void,
): Promise<Measurement> {
  const runs: { readonly fed: Inputs; readonly pairs: readonly OutputPair[] }[] = []
  let longestTime = 0
  const timed: Model = {
    ...model,
    async run(fed, options) {
      const begun = performance.now()
      const outputs = await model.run(fed, options)
      longestTime = Math.max(longestTime, performance.now() - begun)
      return outputs
    },
  }
  for (const [i, one] of inputs.entries()) {
    onInput(i + 1)
    runs.push(await runBoth(timed, references[i] ?? references[0], one, referenceInputs?.[i]))
  }
  const { outputs } = suggestFromOutputs(runs.map(({ pairs }) => pairs))
  return {
    outputs: outputs.map(({ name, reference, atol: { seen, margin } }, rank) => {
      const pairs = runs.map((run) => run.pairs[rank])
      const rounding = Math.max(...pairs.map(roundingOf))
      return {
        name,
        reference,
        seen,
        atol: roundUp(Math.max(seen * Math.max(margin, leastMargin), leastUlps * rounding)),
        relativeError: Math.max(...pairs.map(relativeErrorOf)),
      }
    }),
    records: runs.map(({ fed, pairs }) => ({
      inputs: fed,
      references: Object.fromEntries(pairs.map(({ name, target }) => [name, target])),
    })),
    longestTime,
  }
}

/** Inputs that the model refuses are tried without the batch axis that frameworks put in front. */
async function runBoth(model: Model, reference: Model, inputs: Inputs, referenceInputs: Inputs | undefined) {
  try {
    return { fed: inputs, pairs: await outputPairs(model, reference, { inputs, referenceInputs }) }
  } catch (error) {
    const tensors = Object.entries(inputs)
    if (!tensors.every(([, { shape }]) => shape.length > 1 && shape[0] === 1)) throw error
    const fed = Object.fromEntries(tensors.map(([name, tensor]) => [name, { ...tensor, shape: tensor.shape.slice(1) }]))
    try {
      return { fed, pairs: await outputPairs(model, reference, { inputs: fed, referenceInputs }) }
    } catch {
      throw error
    }
  }
}

/** A unit in the last place of the largest number, in the coarser of both dtypes. */
function roundingOf({ own, target }: OutputPair): number {
  const { reference } = compareTensors(own, target, { atol: 0, equalNaN: true })
  const epsilon = Math.max(epsilons[own.dtype] ?? 0, epsilons[target.dtype] ?? 0)
  return epsilon * Math.max(Math.abs(reference.min), Math.abs(reference.max)) || 0
}

function relativeErrorOf({ own, target }: OutputPair): number {
  const { absDiff, reference, total } = compareTensors(own, target, { atol: 0, equalNaN: true })
  return absDiff.rmse === 0 ? 0 : (absDiff.rmse * Math.sqrt(total)) / reference.norm
}
