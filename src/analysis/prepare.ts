// Brings two models to one subject: inputs as tensors under both models' names, and the tensors of the reference.
import { reasonOf } from '../host/reason.ts'
import type { Model, RunOptions } from '../runners/model.ts'
import { formatShape } from '../tensor/shape.ts'
import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import { AnalysisError } from './analysis-error.ts'
import { referenceTensors } from './reference.ts'
import { type Subject, subjectOf } from './subject.ts'

export interface ModelPairOptions {
  /** The model's inputs, as for `model.run`. */
  readonly inputs: Readonly<Record<string, TensorLike>>
  /**
   * The reference's inputs. Default: the model's, by name, or where the reference has other names, in its order; an axis of length 1
   * is added in front where the reference declares one, and where it declares no shapes, added or left out if it refuses them as they are.
   */
  readonly referenceInputs?: Readonly<Record<string, TensorLike>>
  /** Counterparts that are known: blob of the model -> tensor of the reference. All others are found. */
  readonly pairs?: Readonly<Record<string, string>>
}

/** Both models' inputs as tensors, in pairs. */
export interface FedPair {
  readonly name: string
  readonly own: Tensor
  readonly referenceName: string
  readonly theirs: Tensor
}

/** @throws {AnalysisError} when both are not fed as many tensors */
export function checkPair(reference: Model, options: ModelPairOptions): FedPair[] {
  const inputs = tensorsOf(options.inputs, 'inputs')
  const theirs = Object.entries(tensorsOf(options.referenceInputs ?? inputsFor(reference, inputs), 'referenceInputs'))
  const own = Object.entries(inputs)
  if (theirs.length !== own.length) {
    throw new AnalysisError(
      `inputs has ${own.length} tensors and referenceInputs ${theirs.length}: each must have its counterpart, in the same order`,
      { code: 'wrong-input' },
    )
  }
  return own.map(([name, tensor], i) => ({ name, own: tensor, referenceName: theirs[i][0], theirs: theirs[i][1] }))
}

/** @throws {AnalysisError} for a blob that there is not: it would be paired with nothing, in silence */
export function checkPairs({ blobs }: Model, pairs: ModelPairOptions['pairs'] = {}): void {
  const unknown = Object.keys(pairs).find((blob) => !blobs.includes(blob))
  if (unknown === undefined) return
  throw new AnalysisError(`pairs: the model has no blob "${unknown}"`, { code: 'wrong-option' })
}

export async function prepare(model: Model, reference: Model, options: ModelPairOptions): Promise<Subject> {
  const inputs = tensorsOf(options.inputs, 'inputs')
  const { referenceInputs, values } = await runReference(reference, options, 'all')
  const order = reference.blobs.filter((name) => Object.hasOwn(values, name))
  const references = referenceTensors(order.length > 0 ? order : Object.keys(values), values, referenceInputs)
  const pairs = new Map(Object.entries(options.pairs ?? {}))
  checkPairs(model, options.pairs)
  for (const name of pairs.values()) {
    if (!references.byName.has(name))
      throw new AnalysisError(`pairs: the reference gave no tensor "${name}"`, { code: 'wrong-option' })
  }
  if (references.all.length <= Object.keys(referenceInputs).length) {
    throw new AnalysisError(
      `the reference (${reference.runtime.name}) gave no tensor of floats besides its inputs: there is nothing to compare with`,
      { code: 'not-comparable' },
    )
  }
  const referenceOutputs = reference.outputs.map(({ name }) => name)
  return subjectOf({ model, reference, inputs, references, referenceInputs, pairs, referenceOutputs })
}

function tensorsOf(given: Readonly<Record<string, TensorLike>>, option: string): Record<string, Tensor> {
  if (typeof given !== 'object' || given === null || Object.keys(given).length === 0) {
    throw new AnalysisError(`${option}: expected the tensors to feed by name, such as { in0: tensor }`, {
      code: 'wrong-input',
    })
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, like]) => [name, toTensor(like, { name: `${option}.${name}` })]),
  )
}

/** The model's inputs under the reference's names. */
function inputsFor(reference: Model, inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const [given, wanted] = [Object.entries(inputs), reference.inputs]
  const byName = wanted.every(({ name }) => Object.hasOwn(inputs, name))
  if (!byName && wanted.length !== given.length) {
    throw new AnalysisError(
      `the model is fed ${given.length} tensors and the reference takes ${wanted.length} (${wanted.map(({ name }) => name).join(', ')}): name them in referenceInputs`,
      { code: 'wrong-input' },
    )
  }
  return Object.fromEntries(
    wanted.map(({ name, shape }, i) => [name, withBatchAxis(byName ? inputs[name] : given[i][1], shape)]),
  )
}

/** Runtimes whose models have a batch axis declare it: one axis more than ncnn's, of length 1 or any. */
function withBatchAxis(tensor: Tensor, declared: readonly number[] | undefined): Tensor {
  const isBatch = declared?.length === tensor.shape.length + 1 && (declared[0] === 1 || declared[0] === -1)
  return isBatch ? { ...tensor, shape: [1, ...tensor.shape] } : tensor
}

/**
 * Runs the reference on its inputs, or on the model's.
 * @throws {AnalysisError} with the reference's own error where it refuses them
 */
export async function runReference(
  reference: Model,
  options: ModelPairOptions,
  outputs: RunOptions['outputs'],
): Promise<{ referenceInputs: Record<string, Tensor>; values: Record<string, Tensor> }> {
  const given = tensorsOf(options.inputs, 'inputs')
  const first = tensorsOf(options.referenceInputs ?? inputsFor(reference, given), 'referenceInputs')
  const second = options.referenceInputs === undefined ? withOtherBatchAxis(reference, first) : undefined
  let refusal: unknown
  for (const referenceInputs of second === undefined ? [first] : [first, second]) {
    try {
      return { referenceInputs, values: await reference.run(referenceInputs, { outputs }) }
    } catch (error) {
      refusal ??= error
    }
  }
  const fed = Object.entries(first).map(([name, { shape }]) => `${name} ${formatShape(shape)}`)
  throw new AnalysisError(
    `the reference (${reference.runtime.name}) cannot be run on ${fed.join(', ')}: ${reasonOf(refusal)}`,
    { code: 'reference-failed', cause: refusal },
  )
}

/** The inputs with an axis of length 1 more in front, or without theirs; undefined where the reference declares its shapes. */
function withOtherBatchAxis(
  { inputs: declared }: Model,
  inputs: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> | undefined {
  if (declared.some(({ shape }) => shape !== undefined)) return undefined
  const isBatch = Object.values(inputs).every(({ shape }) => shape[0] === 1)
  return Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => {
      const { shape } = tensor
      return [name, { ...tensor, shape: isBatch ? shape.slice(1) : [1, ...shape] }]
    }),
  )
}
