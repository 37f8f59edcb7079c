// What the commands that compare two models have in common: the models, what they are fed, and the tolerance.

import type { CompareModelsOptions } from '../analysis/compare-models.ts'
import { didYouMean } from '../arguments/did-you-mean.ts'
import { checkOptions } from '../compare/options/check-options.ts'
import type { CompareOptions } from '../compare/options/options.ts'
import { readTensorSync } from '../files/read-write.ts'
import { reasonOf } from '../host/reason.ts'
import { loadRecording } from '../recordings/load-recording.ts'
import { type LoadModelOptions, loadModel, modelFileNames } from '../runners/load-model.ts'
import type { Model } from '../runners/model.ts'
import { ncnnOptionSets } from '../runners/ncnn/engine-matrix.ts'
import { type NcnnOptions, ncnnSwitches } from '../runners/ncnn/options.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Invocation, type Options, UsageError } from './command.ts'
import { withProgress } from './progress.ts'

/** `default without fp16` is `default-without-fp16` on a command line. */
const optionSets = new Map(
  Object.entries(ncnnOptionSets).map(([name, options]) => [name.replaceAll(' ', '-'), options]),
)
const engines = ['wasm', 'python', 'native'] as const

/** Of commands that run an ncnn model. */
export const ncnnOptions = {
  options: {
    type: 'string',
    value: '<name>',
    help: `the model's ncnn options: ${[...optionSets.keys()].join(', ')}`,
  },
  ncnn: {
    type: 'string',
    value: '<switch,...>',
    multiple: true,
    help: "ncnn's own switches besides: fp16Storage, numThreads=2, sgemmConvolution=false",
  },
  engine: { type: 'string', value: '<name>', help: `what runs ncnn models: ${engines.join(', ')}` },
} as const satisfies Options

/** Of commands that feed two models. */
export const referenceOptions = {
  'reference-input': {
    type: 'string',
    value: '<name=x.npy>',
    multiple: true,
    help: "the reference's, where it is fed otherwise, in the same order",
  },
} as const satisfies Options

export const pairOptions = {
  reference: { type: 'string', value: '<model or recording>', help: 'what the model should compute' },
  input: { type: 'string', value: '<name=x.npy>', multiple: true, help: 'an input and its tensor' },
  ...referenceOptions,
  atol: { type: 'string', value: '<number>', help: 'absolute tolerance of the outputs' },
  rtol: { type: 'string', value: '<number>', help: 'relative tolerance of the outputs' },
  normalize: { type: 'string', value: '<l2>', help: 'compare after l2, l1, max, minmax, zscore or softmax' },
  ...ncnnOptions,
} as const satisfies Options

type PairInvocation = Pick<Invocation<typeof pairOptions>, 'values' | 'positionals'>

export interface ModelPair {
  /** Path of the model. */
  readonly path: string
  readonly model: Model
  readonly reference: Model
  readonly options: CompareModelsOptions
}

/**
 * Loads both models for `use`, and closes them.
 * @throws UsageError for arguments that cannot be right
 */
export async function withModelPair<Result>(
  { values, positionals, ...terminal }: Invocation<typeof pairOptions>,
  use: (pair: ModelPair) => Promise<Result>,
): Promise<Result> {
  const { path, reference, ncnn, ...options } = parseArguments({ values, positionals })
  const closing: Model[] = []
  const load = async (source: string, settings: LoadModelOptions['ncnn']): Promise<Model> => {
    const model = await openModel(source, settings)
    closing.push(model)
    return model
  }
  try {
    const model = withProgress(await load(path, ncnn), terminal)
    return await use({ path, model, reference: await load(reference, { engine: ncnn.engine }), options })
  } finally {
    terminal.status('')
    for (const model of closing) model.close()
  }
}

/** A model of any kind, or a recording. */
export function openModel(source: string, settings: LoadModelOptions['ncnn']): Promise<Model> {
  if (/\.np[yz]$/.test(source)) {
    throw new UsageError(
      `${source} holds tensors and is no model: expect-tensor compare compares tensors; what a model computed is recorded as .safetensors by expect-tensor record`,
    )
  }
  return source.endsWith('.safetensors') ? loadRecording(source) : loadModel(source, { ncnn: settings })
}

/** The arguments, checked and read; no model is loaded yet. */
function parseArguments({ values, positionals }: PairInvocation) {
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) {
    throw new UsageError(`expected the path of one model (${modelFileNames})`)
  }
  if (values.reference === undefined)
    throw new UsageError('--reference is missing: a model, or a recording (.safetensors)')
  if (values.input === undefined) throw new UsageError('--input is missing: what the models are fed, such as in0=x.npy')
  const { options, ncnn, engine } = values
  refuseWithoutNcnn({ options, ncnn }, [path])
  refuseWithoutNcnn({ engine }, [path, values.reference])
  return {
    path,
    reference: values.reference,
    ncnn: parseNcnn(values),
    inputs: readInputs('--input', values.input),
    ...(values['reference-input'] && { referenceInputs: readInputs('--reference-input', values['reference-input']) }),
    ...parseTolerance(values),
  }
}

function parseTolerance({ atol, rtol, normalize }: PairInvocation['values']): CompareOptions {
  const options = {
    ...(atol !== undefined && { atol: parseNumber('--atol', atol) }),
    ...(rtol !== undefined && { rtol: parseNumber('--rtol', rtol) }),
    ...(normalize !== undefined && { normalize }),
  } as CompareOptions
  try {
    checkOptions(options)
  } catch (cause) {
    throw new UsageError(reasonOf(cause), { cause })
  }
  return options
}

export function parseNumber(option: string, text: string): number {
  const number = Number(text)
  if (text.trim() === '' || Number.isNaN(number))
    throw new UsageError(`${option} ${text}: expected a number such as 1e-3`)
  return number
}

type NcnnValues = Pick<PairInvocation['values'], 'options' | 'ncnn' | 'engine'>

/** Other runtimes have no such switches, and would run as they always do. */
export function refuseWithoutNcnn({ options, ncnn, engine }: NcnnValues, paths: readonly string[]): void {
  const given = Object.entries({ options, ncnn, engine }).find(([, value]) => value !== undefined)
  if (given === undefined || paths.some((path) => /\.param(\.bin)?$/.test(path))) return
  throw new UsageError(
    `--${given[0]} is for ncnn models (.param): ${paths.join(' and ')} ${paths.length > 1 ? 'are' : 'is'} none`,
  )
}

/** How an ncnn model is to be run. */
export function parseNcnn({ options, ncnn = [], engine }: NcnnValues) {
  const switches = ncnn.flatMap((text) => text.split(',')).map(parseSwitch)
  const set = parseOptionSet(options)
  return {
    ncnn: set || switches.length > 0 ? { ...set, ...Object.fromEntries(switches) } : undefined,
    engine: parseEngine(engine),
  }
}

/** `fp16Storage`, `useFp16Storage=false`, `numThreads=2` */
function parseSwitch(text: string): readonly [name: string, value: boolean | number] {
  const [, given = text, value = 'true'] = /^([^=]*)=(.*)$/s.exec(text) ?? []
  const name = [given, `use${given.slice(0, 1).toUpperCase()}${given.slice(1)}`].find((one) =>
    Object.hasOwn(ncnnSwitches, one),
  )
  const known: Readonly<Record<string, string>> = ncnnSwitches
  if (name === undefined) {
    const names = Object.keys(ncnnSwitches).map((one) =>
      one.replace(/^use(.)/, (_, first: string) => first.toLowerCase()),
    )
    throw new UsageError(`--ncnn ${text}: ncnn has no such switch${didYouMean(given, names)}`)
  }
  const parsed = known[name] === 'number' ? Number(value) : { true: true, false: false }[value]
  if (parsed === undefined || Number.isNaN(parsed)) {
    throw new UsageError(
      `--ncnn ${text}: expected ${known[name] === 'number' ? `${given}=2` : `${given}, or ${given}=false`}`,
    )
  }
  return [name, parsed]
}

function parseOptionSet(name: string | undefined): NcnnOptions | undefined {
  if (name === undefined) return undefined
  const options = optionSets.get(name)
  if (options === undefined) {
    throw new UsageError(`--options ${name}: expected one of ${[...optionSets.keys()].join(', ')}`)
  }
  return options
}

function parseEngine(name: string | undefined) {
  const engine = engines.find((one) => one === name)
  if (name !== undefined && engine === undefined) {
    throw new UsageError(`--engine ${name}: expected one of ${engines.join(', ')}`)
  }
  return engine
}

/** `in0=x.npy` */
export function readInputs(option: string, given: readonly string[]): Record<string, Tensor> {
  const inputs = given.map((text): [string, Tensor] => {
    const separator = text.indexOf('=')
    if (separator < 1 || separator === text.length - 1) {
      throw new UsageError(`${option} ${text}: expected a name and a tensor file, such as in0=x.npy`)
    }
    return [text.slice(0, separator), readNamedTensor(text.slice(separator + 1))]
  })
  const names = inputs.map(([name]) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new UsageError(`${option} ${twice}: it is given twice`)
  return Object.fromEntries(inputs)
}

/** `x.npy`, or one of several tensors: `data.npz:image` */
function readNamedTensor(text: string): Tensor {
  const { path, name } = splitTensorName(text)
  return readTensorSync(path, { name })
}

export function splitTensorName(text: string): { readonly path: string; readonly name?: string } {
  const [, path, name] = /^(.*\.(?:npy|npz|safetensors)):(.+)$/is.exec(text) ?? []
  return path === undefined ? { path: text } : { path, name }
}
