// The Model over a runtime that computes tensors from tensors by name: checks what is fed and asked for, and runs one after the other.

import { dispose } from '../host/dispose.ts'
import { reasonOf } from '../host/reason.ts'
import { elementAt } from '../tensor/decode.ts'
import type { DType } from '../tensor/dtype.ts'
import { quoteNames } from '../tensor/quote-names.ts'
import { formatShape } from '../tensor/shape.ts'
import { storeAs } from '../tensor/storage.ts'
import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import { needed, type Part } from './graph.ts'
import type { LayerInfo, Model, Runtime, TensorInfo } from './model.ts'
import type { ModelErrorClass } from './model-error.ts'
import { type BareModel, withRuntime } from './with-runtime.ts'

/** What a runtime says of a loaded model, and how it runs it. */
export interface Runner<Layer extends LayerInfo = LayerInfo> {
  /** Name of the model's file, for messages. */
  readonly source: string
  readonly runtime: Runtime
  readonly inputs: readonly TensorInfo[]
  readonly outputs: readonly TensorInfo[]
  readonly blobs: readonly string[]
  /** As the runtime knows them, in execution order. */
  readonly layers: readonly Layer[]
  /** Whether there is a tensor of that name, be it none of the blobs: a weight, or the second output of a node. */
  has(name: string): boolean
  /** The element type that a tensor must be fed as; undefined: as it is. */
  dtypeOf(name: string): DType | undefined
  /** What `outputs: 'all'` stands for; by default the blobs that computing the outputs from `fed` takes. */
  computed?(fed: ReadonlySet<string>): readonly string[]
  /**
   * Computes tensors that were not fed. Is not called again before it has ended.
   * @param part what must run for them; no input is missing
   */
  compute(
    fed: ReadonlyMap<string, Tensor>,
    requested: readonly string[],
    part: Part<Layer>,
  ): Promise<Readonly<Record<string, Tensor>>>
  /** Frees everything. Is called once, while nothing runs. */
  close(): void
}

/**
 * Makes a model of a runner.
 * @param Failure the runtime's own kind of error
 */
export function createModel<Layer extends LayerInfo>(runner: Runner<Layer>, Failure: ModelErrorClass): Model {
  const { source, inputs, outputs, blobs, layers } = runner
  const outputNames = outputs.map(({ name }) => name)
  const inputNames = inputs.map(({ name }) => name)
  let closed = false
  let queue: Promise<unknown> = Promise.resolve()

  const inTurn = <Result>(task: () => Promise<Result>): Promise<Result> => {
    const turn = queue.then(task)
    queue = turn.catch(() => undefined)
    return turn
  }
  const checkFed = (given: Readonly<Record<string, TensorLike>>): Map<string, Tensor> => {
    const fed = new Map<string, Tensor>()
    for (const [name, value] of Object.entries(given)) {
      if (!runner.has(name)) {
        throw new Failure(`${source} has no tensor "${name}" to feed; its inputs are ${quoteNames(inputNames)}`, {
          code: 'wrong-input',
        })
      }
      const tensor = toTensor(value, { name: `input "${name}"` })
      const declared = inputs.find((input) => input.name === name)?.shape
      if (declared !== undefined && !fits(tensor.shape, declared)) {
        throw new Failure(
          `${source}: input "${name}" must have shape ${formatDeclared(declared)}, got ${formatShape(tensor.shape)}`,
          { code: 'wrong-input' },
        )
      }
      fed.set(name, castTo(runner.dtypeOf(name) ?? tensor.dtype, tensor, name))
    }
    return fed
  }
  const checkRequested = (wanted: readonly string[]): readonly string[] => {
    const unknown = wanted.filter((name) => !runner.has(name))
    if (unknown.length > 0) {
      const known =
        blobs.length <= 20
          ? quoteNames(blobs)
          : `the outputs ${quoteNames(outputNames)} and ${blobs.length} blobs (model.blobs)`
      throw new Failure(`${source} has no tensor ${quoteNames(unknown)}; it has ${known}`, { code: 'wrong-input' })
    }
    return [...new Set(wanted)]
  }
  /** What `outputs: 'all'` stands for: fed and computed blobs, in execution order. */
  const allBlobs = (fed: ReadonlySet<string>): readonly string[] => {
    if (runner.computed !== undefined) return runner.computed(fed)
    const part = needed(layers, fed, outputNames)
    const names = new Set([...fed, ...part.layers.flatMap((layer) => layer.outputs)])
    return blobs.filter((name) => names.has(name))
  }
  const partFor = (fed: ReadonlyMap<string, Tensor>, requested: readonly string[]): Part<Layer> => {
    const part = needed(layers, fed, requested)
    const missing = part.missing.filter((name) => inputNames.includes(name))
    if (missing.length === 0) return part
    throw new Failure(
      `${source}: input ${quoteNames(missing)} is needed but missing; the model's inputs are ${quoteNames(inputNames)}, given: ${quoteNames([...fed.keys()])}`,
      { code: 'wrong-input' },
    )
  }
  const close = (): void => {
    if (closed) return
    closed = true
    inTurn(async () => runner.close()).catch(() => undefined)
  }
  const model: BareModel = {
    inputs,
    outputs,
    blobs,
    layers: layers.map(layerInfo),
    async run(given, options = {}) {
      if (closed) throw new Failure(`${source}: the model was closed`, { code: 'closed' })
      const fed = checkFed(given)
      const wanted = options.outputs ?? outputNames
      const requested = wanted === 'all' ? allBlobs(new Set(fed.keys())) : checkRequested(wanted)
      const missing = requested.filter((name) => !fed.has(name))
      const part = partFor(fed, missing)
      const results = missing.length === 0 ? {} : await inTurn(() => runner.compute(fed, missing, part))
      return Object.fromEntries(requested.map((name) => [name, fed.get(name) ?? results[name]]))
    },
    close,
    [dispose]: close,
  }
  return withRuntime(model, runner.runtime)
}

/** What everybody may know of a layer. */
const layerInfo = ({ name, type, inputs, outputs }: LayerInfo): LayerInfo => ({ name, type, inputs, outputs })

const fits = (shape: readonly number[], declared: readonly number[]): boolean =>
  shape.length === declared.length && declared.every((length, axis) => length === -1 || length === shape[axis])

const formatDeclared = (shape: readonly number[]): string =>
  `[${shape.map((length) => (length === -1 ? '?' : length)).join(', ')}]`

/** The same elements as another type; floats are rounded. An error when it cannot hold one. */
export function castTo(dtype: DType, tensor: Tensor, name: string): Tensor {
  if (tensor.dtype === dtype) return tensor
  const values = Array.from({ length: tensor.data.length }, (_, i) => elementAt(tensor, i))
  return {
    data: storeAs(dtype, values, `input "${name}", which the model takes as ${dtype}`),
    shape: tensor.shape,
    dtype,
  }
}

/** A runtime's error in one line. */
export const firstLine = (error: unknown): string => reasonOf(error).split('\n')[0]
