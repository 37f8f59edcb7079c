// What the commands that run one model have in common: the model, and what it is fed.
import { modelFileNames } from '../runners/load-model.ts'
import type { Model } from '../runners/model.ts'
import { quoteNames } from '../tensor/quote-names.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Invocation, type Options, UsageError } from './command.ts'
import { ncnnOptions, openModel, parseNcnn, readInputs, refuseWithoutNcnn } from './model-pair.ts'
import { drawTensor } from './random-tensor.ts'

/** Of commands that draw what is not given. */
export const inputOptions = {
  input: { type: 'string', value: '<name=x.npy>', multiple: true, help: 'an input and its tensor' },
  shape: {
    type: 'string',
    value: '<name=3,224,224>',
    multiple: true,
    help: 'the shape of an input that is drawn at random',
  },
  seed: { type: 'string', value: '<integer>', help: 'of random inputs; 0 by default' },
} as const satisfies Options

export const fedOptions = {
  ...inputOptions,
  outputs: { type: 'string', value: '<names|all>', help: 'blobs by name, with commas between them, or all' },
  ...ncnnOptions,
} as const satisfies Options

export interface FedModel {
  readonly model: Model
  readonly inputs: Readonly<Record<string, Tensor>>
  /** Names of inputs that were drawn at random. */
  readonly drawn: readonly string[]
  readonly outputs: readonly string[] | 'all' | undefined
}

/** Loads the model for `use`, and closes it. */
export async function withFedModel<Result>(
  { values, positionals }: Pick<Invocation<typeof fedOptions>, 'values' | 'positionals'>,
  use: (fed: FedModel) => Promise<Result>,
): Promise<Result> {
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) throw new UsageError(`expected the path of one model (${modelFileNames})`)
  refuseWithoutNcnn(values, [path])
  const given = readInputs('--input', values.input ?? [])
  const shapes = parseShapes(values.shape)
  const seed = parseSeed(values.seed)
  const { outputs } = values
  const model = await openModel(path, parseNcnn(values))
  try {
    refuseUnknown(model, Object.keys(given))
    checkShapes(model, shapes, given)
    const missing = model.inputs.filter(({ name }) => given[name] === undefined)
    const drawn = missing.map((input, i) => {
      const shape = shapes[input.name] ?? input.shape
      return [input.name, drawTensor({ ...input, shape }, seed + i)] as const
    })
    return await use({
      model,
      inputs: { ...given, ...Object.fromEntries(drawn) },
      drawn: drawn.map(([name]) => name),
      outputs: outputs === undefined || outputs === 'all' ? outputs : outputs.split(','),
    })
  } finally {
    model.close()
  }
}

/** Any tensor of the model may be fed. */
function refuseUnknown({ inputs, blobs }: Model, names: readonly string[]): void {
  const known = inputs.map(({ name }) => name)
  const unknown = names.find((name) => !known.includes(name) && !blobs.includes(name))
  if (unknown === undefined) return
  throw new UsageError(`--input ${unknown}: the model has no such tensor; its inputs are ${quoteNames(known)}`)
}

/** The shape of what is not drawn would say nothing. */
export function checkShapes(
  { inputs }: Model,
  shapes: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): void {
  const known = inputs.map(({ name }) => name)
  for (const name of Object.keys(shapes)) {
    if (!known.includes(name)) {
      throw new UsageError(`--shape ${name}: the model has no such input; its inputs are ${quoteNames(known)}`)
    }
    if (Object.hasOwn(given, name)) throw new UsageError(`--shape ${name}: its tensor is given by --input`)
  }
}

export function parseSeed(text = '0'): number {
  const seed = Number(text)
  if (!Number.isInteger(seed)) throw new UsageError(`--seed ${text}: expected an integer`)
  return seed
}

/** By the names of inputs. */
export const parseShapes = (given: readonly string[] = []): Readonly<Record<string, readonly number[]>> =>
  Object.fromEntries(given.map(parseShape))

/** `in0=3,224,224` */
function parseShape(text: string): [name: string, shape: number[]] {
  const separator = text.lastIndexOf('=')
  const shape = text
    .slice(separator + 1)
    .split(',')
    .map(Number)
  if (separator < 1 || shape.some((length) => !Number.isInteger(length) || length < 1)) {
    throw new UsageError(`--shape ${text}: expected a name and a shape, such as in0=3,224,224`)
  }
  return [text.slice(0, separator), shape]
}
