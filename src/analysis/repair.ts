// repairModel: the smallest change of a model that meets a tolerance. What is proposed was verified by a run.
import type { CompareOptions } from '../compare/options/options.ts'
import type { Model, VariantSettings } from '../runners/model.ts'
import { countOf } from '../tensor/numbers.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { AnalysisError } from './analysis-error.ts'
import { type CompareModelsOptions, checkAnalysis, examine } from './compare-models.ts'
import { diagnoseExamined } from './diagnose.ts'
import { distance } from './distance.ts'
import { floatsOf } from './elements.ts'
import { outputError, outputRows } from './output-error.ts'
import { compareOutputs, type OutputComparison } from './outputs.ts'
import { noFp16Arithmetic, switchesOff } from './reduced-precision.ts'
import type { Row } from './rows.ts'
import type { Walk } from './walk-state.ts'

export interface ModelRepair {
  /**
   * The largest kind of change that it takes: none, other parameters or operations of layers, layers that sum in float32, or other options of
   * ncnn's. Each may come with those before it.
   */
  readonly kind: 'none' | 'layer' | 'masks' | 'options'
  /** In words. */
  readonly what: string
  /** For `model.variant`. */
  readonly settings: VariantSettings
  /** The outputs with the change, compared under the given tolerance. */
  readonly outputs: readonly OutputComparison[]
}

/**
 * Looks for the smallest change that brings every output within its tolerance: the repairs of as many culprits as it takes, those that
 * matter most first; besides, where that is not enough, sums in float32 in as few layers as it takes (ncnn's parameter 31), or other options.
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
  const tolerances = checkAnalysis('repairModel', model, reference, options)
  const examined = await examine(model, reference, options, tolerances)
  const { walk, comparison } = examined
  if (comparison.pass)
    return { kind: 'none', what: 'every output is within its tolerance', settings: {}, outputs: comparison.outputs }
  if (model.variant === undefined)
    throw new AnalysisError(`${model.runtime.name} cannot change a model`, { code: 'unsupported' })
  const { culprits } = await diagnoseExamined(examined, { mostExplained: mostRepaired })
  let base: Base = { settings: {}, what: [] }
  for (const { layer, repair } of culprits) {
    // Options are for the whole model: masks come before them.
    if (repair === undefined || repair.settings.ncnn !== undefined) continue
    base = {
      settings: { layers: { ...base.settings.layers, ...repair.settings.layers } },
      what: [...base.what, `layer "${layer}": ${repair.what}`],
    }
    const found = await verified(walk, 'layer', base, tolerances)
    if (found !== undefined) return found
  }
  return (await sumInFloat32(walk, examined.rows, base, tolerances)) ?? (await changeOptions(walk, base, tolerances))
}

const mostRepaired = 32

/** What is changed already. */
interface Base {
  readonly settings: VariantSettings
  readonly what: readonly string[]
}

/** A change with its outputs, if these are all within their tolerance. */
async function verified(
  walk: Walk,
  kind: ModelRepair['kind'],
  { settings, what }: Base,
  tolerances: CompareOptions,
): Promise<ModelRepair | undefined> {
  const variant = await walk.subject.model.variant?.(settings).catch(() => undefined)
  if (variant === undefined) return undefined
  try {
    const outputs = await compareOutputs({ ...walk, subject: { ...walk.subject, model: variant } }, tolerances)
    return outputs.every(({ comparison }) => comparison.pass)
      ? { kind, what: what.join('; '), settings, outputs }
      : undefined
  } finally {
    variant.close()
  }
}

/** Switches reduced precisions off, the last to be switched on first. */
async function changeOptions(walk: Walk, base: Base, tolerances: CompareOptions): Promise<ModelRepair | undefined> {
  const { options = {} } = walk.subject.model.runtime
  for (const ncnn of switchesOff(options)) {
    const named = Object.keys(ncnn).map((name) => `${name}: false`)
    const change = { settings: { ...base.settings, ncnn }, what: [...base.what, `options ${named.join(', ')}`] }
    const found = await verified(walk, 'options', change, tolerances)
    if (found !== undefined) return found
  }
  return undefined
}

/** Layers whose effect on the outputs is predicted; the others introduce less. */
const mostPredicted = 48

/**
 * Takes sums in float32 in the layers that matter most for the outputs. The order is predicted, one layer at a time; how many it takes is
 * verified, since neighbours may round the same blob again.
 */
async function sumInFloat32(
  walk: Walk,
  rows: readonly Row[],
  base: Base,
  tolerances: CompareOptions,
): Promise<ModelRepair | undefined> {
  const { options = {} } = walk.subject.model.runtime
  if (!options.useFp16Arithmetic) return undefined
  const masking = (names: readonly string[]): Promise<ModelRepair | undefined> => {
    const masks = Object.fromEntries(names.map((name) => [name, noFp16Arithmetic]))
    const what = `sums in float32 (31=${noFp16Arithmetic}) in ${countOf(names.length, 'layer')}: ${names.join(', ')}`
    return verified(walk, 'masks', { settings: { ...base.settings, masks }, what: [...base.what, what] }, tolerances)
  }
  const ranked = await rankByEffect(walk, rows, base.settings)
  const least = await leastCount(ranked.length, async (count) => (await masking(ranked.slice(0, count))) !== undefined)
  if (least === undefined) return undefined
  let names = ranked.slice(0, least)
  let found = await masking(names)
  for (const name of least > mostReduced ? [] : names.toReversed()) {
    const fewer = names.filter((other) => other !== name)
    const enough = fewer.length === 0 ? undefined : await masking(fewer)
    if (enough !== undefined) [names, found] = [fewer, enough]
  }
  return found
}

/** Of more layers than these none is tried to be left out again. */
const mostReduced = 24

/** The least count that is enough, when more is: doubles until it is, then halves the gap. */
async function leastCount(most: number, isEnough: (count: number) => Promise<boolean>): Promise<number | undefined> {
  if (most === 0) return undefined
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

interface Measured {
  readonly name: string
  readonly blob: string
  /** What the layer gives. */
  readonly tensor: Tensor
  readonly error: number
}

/** Layers by what their sums in float16 alone do to the outputs, most first. */
async function rankByEffect(walk: Walk, rows: readonly Row[], settings: VariantSettings): Promise<string[]> {
  const { model, inputs } = walk.subject
  const plain = await model.variant?.({ ...settings, ncnn: { useFp16Arithmetic: false } })
  if (plain === undefined) return []
  try {
    const measured: Measured[] = []
    for (const row of rows) measured.push(...(await measureSegment(walk, row, plain)))
    measured.sort((a, b) => b.error - a.error)
    const outputs = outputRows(walk, rows)
    const effects: { name: string; effect: number }[] = []
    for (const { name, blob, tensor } of measured.slice(0, mostPredicted)) {
      effects.push({ name, effect: await outputError(walk, plain, outputs, { ...inputs, [blob]: tensor }) })
    }
    effects.sort((a, b) => b.effect - a.effect)
    return [...new Set([...effects, ...measured.slice(mostPredicted)].map(({ name }) => name))]
  } finally {
    plain.close()
  }
}

/** How far each layer of a row's segment is from itself with sums in float32, fed with the same. */
async function measureSegment(walk: Walk, { segment, feeds }: Row, plain: Model): Promise<Measured[]> {
  const { network, compute } = walk.subject
  const given = walk.feeds(feeds)
  const exact = await plain.run(Object.fromEntries(given), { outputs: segment.flatMap(({ outputs }) => outputs) })
  const measured: Measured[] = []
  for (const { name, inputs, outputs } of segment) {
    const fed = new Map(inputs.map((blob) => [blob, given.get(blob) ?? exact[network.original(blob)]]))
    const reduced = await compute(fed, outputs)
    for (const blob of outputs) {
      const [own, target] = [floatsOf(reduced[blob]), floatsOf(exact[blob])]
      if (own !== undefined && target !== undefined)
        measured.push({ name, blob, tensor: reduced[blob], error: distance(own, target).error })
    }
  }
  return measured
}
