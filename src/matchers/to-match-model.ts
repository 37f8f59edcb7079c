// `await expect(model).toMatchModel(reference, { inputs })`: both models compute the same; where not, the failure names the layer.
import type { ModelMatch } from '../analysis/match-models.ts'
import { checkOptionNames, type OptionsOf } from '../arguments/options.ts'
import { jsonNumber } from '../compare/json.ts'
import { checkOptions } from '../compare/options/check-options.ts'
import { type CompareOptions, compareOptions } from '../compare/options/options.ts'
import { renderText } from '../explain/text.ts'
import type { OutcomeLayer } from '../outcomes/index.ts'
import { checkModel, problemWithInputs } from '../runners/check-arguments.ts'
import type { Model } from '../runners/model.ts'
import { countOf } from '../tensor/numbers.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import type { MatcherContext, MatcherResult } from './context.ts'
import { withDefaults } from './defaults.ts'

/** Tensors by the names of a model's inputs. */
type Inputs = Readonly<Record<string, TensorLike>>

export interface MatchModelOptions extends CompareOptions {
  /** What the model is fed, or a list of that: the outputs have to match for all of them. */
  readonly inputs: Inputs | readonly Inputs[]
  /**
   * What the reference is fed, as many as `inputs`. Default: the same, by name, or where the reference has other names, in its order; an
   * axis of length 1 is added in front where the reference declares one.
   */
  readonly referenceInputs?: Inputs | readonly Inputs[]
  /** Counterparts that are known: blob of the model -> tensor of the reference. Outputs without are paired by name, or else in order. */
  readonly pairs?: Readonly<Record<string, string>>
}

export function toMatchModel(
  this: MatcherContext,
  actual: unknown,
  reference: Model,
  options: MatchModelOptions,
): Promise<MatcherResult> {
  const model = checkModel(actual, 'toMatchModel', 'actual')
  const other = checkModel(reference, 'toMatchModel', 'reference')
  const { inputs, referenceInputs, pairs, ...given } = checkGiven(options)
  checkFed(inputs, 'inputs', model)
  if (referenceInputs !== undefined) checkFed(referenceInputs, 'referenceInputs', other)
  const tolerances = withDefaults(given) ?? {}
  checkOptions(tolerances)
  const trials = pairUp(inputs, referenceInputs).map((fed) => ({ ...fed, pairs }))
  return match(model, other, trials, tolerances, this.isNot === true)
}

async function match(
  model: Model,
  reference: Model,
  trials: readonly Trial[],
  tolerances: CompareOptions,
  isNot: boolean,
): Promise<MatcherResult> {
  // Test files that compare no models do not load what it takes.
  const [{ matchModels }, { explainModelMatch }] = await Promise.all([
    import('../analysis/match-models.ts'),
    import('../explain/model-match.ts'),
  ])
  const found = await matchModels(model, reference, trials, tolerances, { explain: !isNot })
  return {
    pass: found.pass,
    message: () => renderText(explainModelMatch(found)),
    comparisons: found.trials.flatMap((outputs, i) =>
      outputs.map(({ name, comparison }) => ({
        name: found.trials.length > 1 ? `${name} of input ${i + 1}` : name,
        comparison,
      })),
    ),
    layers: layersOf(found.diagnosis),
  }
}

/** What the diagnosis measured, as plain data. */
function layersOf(diagnosis: ModelMatch['diagnosis']): OutcomeLayer[] | undefined {
  if (diagnosis === undefined || 'obstacle' in diagnosis) return undefined
  const blamed = new Set(diagnosis.culprits.map(({ layer }) => layer))
  return diagnosis.layers.map(({ layer, type, inherited, introduced, noise }) => ({
    layer,
    type,
    inherited: jsonNumber(inherited),
    introduced: jsonNumber(introduced),
    noise: jsonNumber(noise),
    ...(blamed.has(layer) && { blamed: true }),
  }))
}

interface Trial {
  readonly inputs: Inputs
  readonly referenceInputs?: Inputs
  readonly pairs?: Readonly<Record<string, string>>
}

const matchModelOptions = {
  inputs: 'any',
  referenceInputs: 'any',
  pairs: 'any',
  ...compareOptions,
} as const satisfies OptionsOf<MatchModelOptions>

function checkGiven(options: MatchModelOptions | undefined): MatchModelOptions {
  checkOptionNames(options, matchModelOptions, { name: 'toMatchModel' })
  if (typeof options === 'object' && options !== null && 'inputs' in options && isFed(options.inputs)) return options
  throw new TypeError(
    'toMatchModel: inputs is missing: give the tensors to feed by name, such as { inputs: { in0: tensor } }, or a list of such records',
  )
}

const isFed = (inputs: unknown): boolean =>
  Array.isArray(inputs) ? inputs.length > 0 && inputs.every(isFed) : typeof inputs === 'object' && inputs !== null

/** A tensor in place of tensors by name would be taken for one whose inputs are called data, shape and dtype. */
function checkFed(given: Inputs | readonly Inputs[], option: string, { inputs }: Model): void {
  for (const one of listOf(given)) {
    const problem = problemWithInputs(one, inputs)
    if (problem !== undefined) throw new TypeError(`toMatchModel: ${option}: ${problem}`)
  }
}

function pairUp(
  inputs: MatchModelOptions['inputs'],
  referenceInputs: MatchModelOptions['referenceInputs'],
): { readonly inputs: Inputs; readonly referenceInputs?: Inputs }[] {
  const own = listOf(inputs)
  if (referenceInputs === undefined) return own.map((one) => ({ inputs: one }))
  const theirs = listOf(referenceInputs)
  if (theirs.length !== own.length) {
    throw new TypeError(
      `toMatchModel: inputs has ${countOf(own.length, 'record')} and referenceInputs ${theirs.length}: give one for each`,
    )
  }
  return own.map((one, i) => ({ inputs: one, referenceInputs: theirs[i] }))
}

const listOf = (inputs: Inputs | readonly Inputs[]): readonly Inputs[] =>
  Array.isArray(inputs) ? inputs : [inputs as Inputs]
