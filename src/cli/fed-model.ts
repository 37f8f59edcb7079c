// What the commands that run one model have in common: the model, and what it is fed.
import { modelFileNames } from '../runners/load-model.ts'
import type { Model } from '../runners/model.ts'
import { formatShape, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Invocation, type Options, UsageError } from './command.ts'
import { ncnnOptions, openModel, parseEngine, parseOptionSet, readInputs } from './model-pair.ts'

export const fedOptions = {
  input: { type: 'string', value: '<name=x.npy>', multiple: true, help: 'an input and its tensor' },
  shape: {
    type: 'string',
    value: '<name=3,224,224>',
    multiple: true,
    help: 'the shape of an input that is drawn at random',
  },
  seed: { type: 'string', value: '<integer>', help: 'of random inputs; 0 by default' },
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
  const given = readInputs('--input', values.input ?? [])
  const shapes = Object.fromEntries((values.shape ?? []).map(parseShape))
  const seed = Number(values.seed ?? 0)
  if (!Number.isInteger(seed)) throw new UsageError(`--seed ${values.seed}: expected an integer`)
  const { outputs } = values
  const model = await openModel(path, { ncnn: parseOptionSet(values.options), engine: parseEngine(values.engine) })
  try {
    const missing = model.inputs.filter(({ name }) => given[name] === undefined)
    const drawn = missing.map(
      ({ name, shape }, i) => [name, drawTensor(name, shapes[name] ?? shape, seed + i)] as const,
    )
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

/** Numbers from -1 to 1, the same for the same seed on every machine. */
function drawTensor(name: string, shape: readonly number[] | undefined, seed: number): Tensor {
  if (shape === undefined || shape.some((length) => length < 1)) {
    const known =
      shape === undefined ? 'the model does not say its shape' : `the model says its shape is ${formatShape(shape)}`
    throw new UsageError(
      `input ${name} is missing, and ${known}: give --input ${name}=x.npy, or --shape ${name}=3,224,224 for random numbers`,
    )
  }
  const random = mulberry32(seed)
  return {
    data: Float32Array.from({ length: sizeOf(shape) }, () => 2 * random() - 1),
    shape: [...shape],
    dtype: 'float32',
  }
}

/** Tommy Ettinger's Mulberry32: a generator of one 32-bit word of state, uniform in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
