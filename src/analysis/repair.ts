// repairModel: the smallest change of a model that meets a tolerance. What is proposed was verified by a run.
import type { CompareOptions } from '../compare/options/options.ts'
import type { Model, VariantSettings } from '../runners/model.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { AnalysisError } from './analysis-error.ts'
import { type CompareModelsOptions, examine } from './compare-models.ts'
import { diagnoseExamined } from './diagnose.ts'
import { distance } from './distance.ts'
import { compareOutputs, type OutputComparison } from './outputs.ts'
import { isReduced, masksFor, plainSwitches, switchesOff } from './reduced-precision.ts'
import { numbersOf, type Row, targetOf } from './rows.ts'
import type { Walk } from './walk-state.ts'

export interface ModelRepair {
  /** Nothing had to be changed, a parameter or an operation of a layer was wrong, some layers keep float32, or ncnn's options change. */
  readonly kind: 'none' | 'layer' | 'masks' | 'options'
  /** In words. */
  readonly what: string
  /** For `model.variant`. */
  readonly settings: VariantSettings
  /** The outputs with the change, compared under the given tolerance. */
  readonly outputs: readonly OutputComparison[]
}

/**
 * Looks for the smallest change that brings every output within its tolerance: the repair of a culprit, float32 in as few layers as it
 * takes (ncnn's parameter 31), or other options.
 *
 * @param options inputs, and the tolerance as for `compareTensors`
 * @returns undefined when no change that was tried meets the tolerance
 * @throws {AnalysisError} for a model that cannot be changed
 */
export async function repairModel(
  model: Model,
  reference: Model,
  options: CompareModelsOptions,
): Promise<ModelRepair | undefined> {
  const { inputs: _, referenceInputs: __, pairs: ___, ...tolerances } = options
  const examined = await examine(model, reference, options)
  const { walk, comparison } = examined
  if (comparison.pass)
    return { kind: 'none', what: 'every output is within its tolerance', settings: {}, outputs: comparison.outputs }
  if (model.variant === undefined) throw new AnalysisError(`${model.runtime.name} cannot change a model`)
  const { repair, culprits } = await diagnoseExamined(examined)
  if (repair !== undefined) {
    const outputs = await verify(walk, repair.settings, tolerances)
    if (passes(outputs))
      return { kind: 'layer', what: `layer "${culprits[0].layer}": ${repair.what}`, settings: repair.settings, outputs }
  }
  return (await keepFloat32(walk, examined.rows, tolerances)) ?? (await changeOptions(walk, tolerances))
}

const passes = (outputs: readonly OutputComparison[] | undefined): outputs is readonly OutputComparison[] =>
  outputs?.every(({ comparison }) => comparison.pass) === true

/** The outputs of a variant, compared; undefined where there is no such variant. */
async function verify(
  walk: Walk,
  settings: VariantSettings,
  tolerances: CompareOptions,
): Promise<OutputComparison[] | undefined> {
  const variant = await walk.subject.model.variant?.(settings).catch(() => undefined)
  if (variant === undefined) return undefined
  try {
    return await compareOutputs({ ...walk, subject: { ...walk.subject, model: variant } }, tolerances)
  } finally {
    variant.close()
  }
}

/** Switches reduced precisions off, the last to be switched on first. */
async function changeOptions(walk: Walk, tolerances: CompareOptions): Promise<ModelRepair | undefined> {
  const { options = {} } = walk.subject.model.runtime
  for (const ncnn of switchesOff(options)) {
    const outputs = await verify(walk, { ncnn }, tolerances)
    const what = `options ${Object.keys(ncnn)
      .map((name) => `${name}: false`)
      .join(', ')}`
    if (passes(outputs)) return { kind: 'options', what, settings: { ncnn }, outputs }
  }
  return undefined
}

/** Layers whose effect on the outputs is predicted; the others introduce less. */
const mostPredicted = 48

/**
 * Keeps float32 in the layers that matter most for the outputs. The order is predicted, one layer at a time; how many it takes is
 * verified, since neighbours may round the same blob again.
 */
async function keepFloat32(
  walk: Walk,
  rows: readonly Row[],
  tolerances: CompareOptions,
): Promise<ModelRepair | undefined> {
  const { model } = walk.subject
  const { options = {} } = model.runtime
  if (!isReduced(options)) return undefined
  const featureMask = masksFor(options)
  const ranked = await rankByEffect(walk, rows)
  const settingsOf = (count: number): VariantSettings => ({
    masks: Object.fromEntries(ranked.slice(0, count).map((name) => [name, featureMask])),
  })
  const tried = new Map<number, readonly OutputComparison[]>()
  const isEnough = async (count: number): Promise<boolean> => {
    const outputs = await verify(walk, settingsOf(count), tolerances)
    if (passes(outputs)) tried.set(count, outputs)
    return passes(outputs)
  }
  const least = await leastCount(ranked.length, isEnough)
  const outputs = least === undefined ? undefined : tried.get(least)
  if (least === undefined || outputs === undefined) return undefined
  const names = ranked.slice(0, least)
  return {
    kind: 'masks',
    what: `float32 (31=${featureMask}) in ${least} layers: ${names.join(', ')}`,
    settings: settingsOf(least),
    outputs,
  }
}

/** The least count that is enough, when more is: doubles until it is, then halves the gap. */
async function leastCount(most: number, isEnough: (count: number) => Promise<boolean>): Promise<number | undefined> {
  let [low, high] = [0, 1]
  while (!(await isEnough(Math.min(high, most)))) {
    if (high >= most) return undefined
    ;[low, high] = [high, high * 2]
  }
  high = Math.min(high, most)
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (await isEnough(middle)) high = middle
    else low = middle
  }
  return high
}

/** Layers by what their reduced precision alone does to the outputs, most first. */
async function rankByEffect(walk: Walk, rows: readonly Row[]): Promise<string[]> {
  const { model, inputs } = walk.subject
  const plain = await model.variant?.({ ncnn: plainSwitches })
  if (plain === undefined) return []
  try {
    const exact = await plain.run(inputs, { outputs: 'all' })
    const outputs = rows.filter(({ blob }) => model.outputs.some(({ name }) => name === blob))
    const measured: { name: string; blob: string; tensor: Tensor; error: number }[] = []
    for (const { layer } of rows) {
      const given = new Map(layer.inputs.map((blob) => [blob, exact[blob] ?? inputs[blob]]))
      const [blob] = layer.outputs
      const tensor = (await walk.subject.compute(given, [blob]))[blob]
      const [own, target] = [numbersOf(walk, blob, tensor), numbersOf(walk, blob, exact[blob])]
      if (own !== undefined && target !== undefined)
        measured.push({ name: layer.name, blob, tensor, error: distance(own, target).error })
    }
    measured.sort((a, b) => b.error - a.error)
    const effects: { name: string; effect: number }[] = []
    for (const { name, blob, tensor } of measured.slice(0, mostPredicted)) {
      const computed = await plain.run({ ...inputs, [blob]: tensor }, { outputs: outputs.map((row) => row.blob) })
      const errors = outputs.map((row) => {
        const own = numbersOf(walk, row.blob, computed[row.blob])
        return own === undefined ? 0 : distance(own, targetOf(row)).error
      })
      effects.push({ name, effect: Math.max(...errors) })
    }
    effects.sort((a, b) => b.effect - a.effect)
    return [...effects.map(({ name }) => name), ...measured.slice(mostPredicted).map(({ name }) => name)]
  } finally {
    plain.close()
  }
}
