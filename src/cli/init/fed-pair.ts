// The two models of `init`, and what they are fed: given tensors, those of the reference's file, or random numbers.
import { basename } from 'node:path'
import { readTensorSync, readTensorsSync, visitTensorsSync } from '../../files/read-write.ts'
import type { Model, TensorInfo } from '../../runners/model.ts'
import { modelFrom } from '../../runners/model-from.ts'
import { countOf } from '../../tensor/numbers.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { type Invocation, UsageError } from '../command.ts'
import { checkShapes, type inputOptions, parseSeed, parseShapes } from '../fed-model.ts'
import {
  type ncnnOptions,
  openModel,
  parseNcnn,
  readInputs,
  type referenceOptions,
  refuseWithoutNcnn,
  splitTensorName,
} from '../model-pair.ts'
import { drawTensor } from '../random-tensor.ts'

type Tensors = Readonly<Record<string, Tensor>>

export interface FedPair {
  readonly model: Model
  /** How long loading it took, in milliseconds. */
  readonly loadingTime: number
  /** One for all inputs, or one for each. */
  readonly references: readonly Model[]
  readonly inputs: readonly Tensors[]
  /** What the reference is fed, where it is fed otherwise. */
  readonly referenceInputs: readonly Tensors[] | undefined
  /** Names of inputs that were drawn at random. */
  readonly drawn: readonly string[]
  /** Whether the reference is no model, but the tensors that should come out. */
  readonly isAnswered: boolean
}

/** So many tell how much errors differ from input to input. */
const drawnInputs = 5

type FedValues = Invocation<typeof inputOptions & typeof ncnnOptions & typeof referenceOptions>['values']

/** Loads model and references for `use`, and closes them. */
export async function withFedPair<Result>(
  path: string,
  referencePaths: readonly string[],
  values: FedValues,
  use: (pair: FedPair) => Promise<Result>,
): Promise<Result> {
  const given = inputSets('--input', values.input)
  const referenceInputs = inputSets('--reference-input', values['reference-input'])
  if (referenceInputs.length > 0 && referenceInputs.length !== given.length) {
    throw new UsageError(
      `--input gives ${countOf(given.length, 'set')} of tensors and --reference-input ${referenceInputs.length}`,
    )
  }
  refuseWithoutNcnn(values, [path, ...referencePaths])
  const ncnn = parseNcnn(values)
  const files = referencePaths.map(tensorsOf)
  if (files.length > 1 && files.includes(undefined)) {
    throw new UsageError('several references must be files of tensors, one for each of the inputs')
  }
  const closing: Model[] = []
  const open = (model: Model): Model => {
    closing.push(model)
    return model
  }
  try {
    const begun = performance.now()
    const model = open(await openModel(path, ncnn))
    const loadingTime = performance.now() - begun
    const references: Model[] = []
    for (const [i, tensors] of files.entries()) {
      references.push(
        open(tensors ? answering(tensors, model, referencePaths[i]) : await openModel(referencePaths[i], ncnn)),
      )
    }
    const sets = given.length > 0 ? given : inputsIn(files, model)
    const isAnswered = files[0] !== undefined
    const isAnswer = isAnswered || /\.safetensors$/i.test(referencePaths[0])
    const inputs = complete({ model, reference: references[0], sets, isAnswer, values })
    return await use({
      model,
      loadingTime,
      references,
      isAnswered,
      referenceInputs: referenceInputs.length > 0 ? referenceInputs : undefined,
      ...inputs,
    })
  } finally {
    for (const model of closing) model.close()
  }
}

/** `--input a=1.npy --input b=x.npy --input a=2.npy --input b=y.npy`: two sets, each of an a and a b. */
function inputSets(option: string, given: readonly string[] = []): readonly Tensors[] {
  const sets: string[][] = []
  const counts = new Map<string, number>()
  for (const text of given) {
    const name = text.slice(0, Math.max(0, text.indexOf('=')))
    const count = counts.get(name) ?? 0
    counts.set(name, count + 1)
    sets[count] = [...(sets[count] ?? []), text]
  }
  const [first = 0] = counts.values()
  for (const [name, count] of counts) {
    if (count !== first) {
      throw new UsageError(
        `${option} gives ${count} tensors for ${name} and ${first} for another: give as many for each`,
      )
    }
  }
  return sets.map((set) => readInputs(option, set))
}

/** The tensors of a file that is no recording; undefined for a recording or a model. */
function tensorsOf(text: string): Tensors | undefined {
  const { path, name } = splitTensorName(text)
  if (name !== undefined) return { [name]: readTensorSync(path, { name }) }
  if (!/\.(npy|npz|safetensors)$/i.test(path)) return undefined
  if (/\.safetensors$/i.test(path) && visitTensorsSync(path, () => undefined).contents === 'recording') return undefined
  return path.endsWith('.npy') ? { [basename(path, '.npy')]: readTensorSync(path) } : readTensorsSync(path)
}

/** A model that answers with the tensors of a file, whatever it is asked. */
function answering(tensors: Tensors, { inputs }: Model, path: string): Model {
  const names = inputs.map(({ name }) => name)
  const outputs = Object.keys(tensors).filter((name) => !names.includes(name))
  if (outputs.length === 0) throw new UsageError(`${path} holds no tensor that the model could be held to`)
  return modelFrom({ inputs: names, outputs, runtime: { name: basename(path) }, run: () => tensors })
}

/** A file of what came out may hold what went in, too. */
function inputsIn(files: readonly (Tensors | undefined)[], { inputs }: Model): readonly Tensors[] {
  return files.flatMap((tensors) => {
    const found = inputs.flatMap(({ name }) => (tensors && Object.hasOwn(tensors, name) ? [[name, tensors[name]]] : []))
    return found.length > 0 ? [Object.fromEntries(found)] : []
  })
}

interface Incomplete {
  readonly model: Model
  readonly reference: Model
  readonly sets: readonly Tensors[]
  /** Whether the reference is what came of certain inputs. */
  readonly isAnswer: boolean
  readonly values: FedValues
}

/** The sets of inputs, with random numbers for what nobody gave. */
function complete({ model, reference, sets, isAnswer, values }: Incomplete): Pick<FedPair, 'inputs' | 'drawn'> {
  const [seed, shapes] = [parseSeed(values.seed), parseShapes(values.shape)]
  const wanted = model.inputs.map((input, i) => {
    const counterpart = reference.inputs.find(({ name }) => name === input.name) ?? reference.inputs[i]
    return { ...input, shape: shapes[input.name] ?? input.shape ?? shapeFrom(counterpart) }
  })
  const [first = {}] = sets
  checkShapes(model, shapes, first)
  const missing = wanted.filter(({ name }) => !Object.hasOwn(first, name))
  if (missing.length > 0 && isAnswer) {
    throw new UsageError(
      `the reference is what came of certain inputs: give them as --input ${missing[0].name}=x.npy, or beside it in its file, as ${missing[0].name}`,
    )
  }
  const count = sets.length > 0 ? sets.length : drawnInputs
  return {
    inputs: Array.from({ length: count }, (_, set) => ({
      ...sets[set],
      ...Object.fromEntries(
        missing.map((input, i) => [input.name, drawTensor(input, seed + set * missing.length + i)]),
      ),
    })),
    drawn: missing.map(({ name }) => name),
  }
}

/** Other frameworks declare a batch axis, which models that do not say their shapes (ncnn's) do not have. */
function shapeFrom(counterpart: TensorInfo | undefined): readonly number[] | undefined {
  const { shape } = counterpart ?? {}
  if (shape === undefined || shape.length < 2) return shape
  return shape[0] === 1 || shape[0] === -1 ? shape.slice(1) : shape
}
