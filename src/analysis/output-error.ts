// How far the outputs are from the reference's, as one number.
import type { Model } from '../runners/model.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { distance } from './distance.ts'
import { numbersOf, type Row, targetOf } from './rows.ts'
import type { Walk } from './walk-state.ts'

/** The rows of the model's outputs. */
export const outputRows = ({ subject }: Walk, rows: readonly Row[]): readonly Row[] =>
  rows.filter(({ blob }) => subject.model.outputs.some(({ name }) => name === blob))

/** The largest relative error of an output, when a model, or a variant of it, computes them from `given`. */
export async function outputError(
  walk: Walk,
  model: Model,
  outputs: readonly Row[],
  given: Readonly<Record<string, Tensor>>,
): Promise<number> {
  const computed = await model.run(given, { outputs: outputs.map(({ blob }) => blob) })
  const errors = outputs.map((row) => {
    const own = numbersOf(walk, row.blob, computed[row.blob])
    return own === undefined ? Infinity : distance(own, targetOf(row)).error
  })
  return Math.max(0, ...errors)
}
