// The Model over a runtime that computes tensors from tensors by name: checks what is fed and asked for, and runs one after the other.

import { describeValue } from '../arguments/describe.ts'
import { checkOptionNames, type OptionsOf } from '../arguments/options.ts'
import { dispose } from '../host/dispose.ts'
import { reasonOf } from '../host/reason.ts'
import { elementAt } from '../tensor/decode.ts'
import type { DType } from '../tensor/dtype.ts'
import { rememberOrigin } from '../tensor/origin.ts'
import { quoteNames } from '../tensor/quote-names.ts'
import { formatShape } from '../tensor/shape.ts'
import { storeAs } from '../tensor/storage.ts'
import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import { callerOf, problemWithInputs } from './check-arguments.ts'
import { needed, type Part } from './graph.ts'
import type { LayerInfo, Model, RunOptions, Runtime, TensorInfo } from './model.ts'
import type { ModelErrorClass } from './model-error.ts'

/** Is handed each tensor as it is computed. */
export type Emit = (name: string, tensor: Tensor) => void

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
  /** Why a tensor cannot be fed; by default when it has not the shape that `inputs` declares. */
  refuses?(name: string, tensor: Tensor): string | undefined
  /** Whether a layer can do without an input that was not fed. Default: none can. */
  mayBeAbsent?(layer: Layer, index: number): boolean
  /** What `outputs: 'all'` stands for; by default the blobs that computing the outputs from `fed` takes. */
  computed?(fed: ReadonlySet<string>): readonly string[]
  /** Whether `compute` has read all that it is fed when it hands back its promise, so that it need not be fed a copy. */
  readonly readsAtOnce?: boolean
  /**
   * Computes tensors that were not fed. Is not called again before it has ended.
   * @param part what must run for them; no input is missing. One object stands for one choice of what is fed and requested
   * @param emit takes each of them, in any order, best as soon as it is computed; what it throws ends the run
   */
  compute(fed: ReadonlyMap<string, Tensor>, requested: readonly string[], part: Part<Layer>, emit: Emit): Promise<void>
  /** Frees everything. Is called once, while nothing runs. */
  close(): void
}

const runOptions = { outputs: 'any', onTensor: 'function' } as const satisfies OptionsOf<RunOptions>

/**
 * Makes a model of a runner.
 * @param Failure the runtime's own kind of error
 */
export function createModel<Layer extends LayerInfo>(runner: Runner<Layer>, Failure: ModelErrorClass): Model {
  const { source, runtime, inputs, outputs, blobs, layers } = runner
  const outputNames = outputs.map(({ name }) => name)
  const inputNames = inputs.map(({ name }) => name)
  let closed = false
  let queue: Promise<unknown> = Promise.resolve()

  let running = 0

  const inTurn = (task: () => Promise<void>): Promise<void> => {
    const idle = running++ === 0
    const turn = (idle ? task() : queue.then(task)).finally(() => running--)
    queue = turn.catch(() => undefined)
    return turn
  }
  const checkFed = (given: Readonly<Record<string, TensorLike>>): Map<string, Tensor> => {
    const problem = problemWithInputs(given, inputs)
    if (problem !== undefined) throw new Failure(`${source}: run: ${problem}`, { code: 'wrong-input' })
    // The caller may write into its arrays as soon as it has the promise.
    const own = running === 0 && runner.readsAtOnce ? (tensor: Tensor) => tensor : copyOf
    const fed = new Map<string, Tensor>()
    for (const [name, value] of Object.entries(given)) {
      if (!runner.has(name)) {
        throw new Failure(`${source} has no tensor "${name}" to feed; its inputs are ${quoteNames(inputNames)}`, {
          code: 'wrong-input',
        })
      }
      const tensor = own(toTensor(value, { name: `input "${name}"` }))
      const reason = (runner.refuses ?? refuseOtherShapes)(name, tensor)
      if (reason !== undefined) throw new Failure(reason, { code: 'wrong-input' })
      fed.set(name, castTo(runner.dtypeOf(name) ?? tensor.dtype, tensor, name))
    }
    return fed
  }
  const refuseOtherShapes = (name: string, { shape }: Tensor): string | undefined => {
    const declared = inputs.find((input) => input.name === name)?.shape
    if (declared === undefined || fits(shape, declared)) return undefined
    return `${source}: input "${name}" must have shape ${formatDeclared(declared)}, got ${formatShape(shape)}`
  }
  const checkRequested = (wanted: readonly string[]): readonly string[] => {
    if (!Array.isArray(wanted)) {
      const advice = typeof wanted === 'string' && runner.has(wanted) ? `: write outputs: ['${wanted}']` : ''
      throw new Failure(
        `${source}: run: outputs must be a list of names or 'all', got ${describeValue(wanted)}${advice}`,
        { code: 'wrong-option' },
      )
    }
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
    const part = needed(layers, fed, outputNames, runner.mayBeAbsent)
    const names = new Set([...fed, ...part.layers.flatMap((layer) => layer.outputs)])
    return blobs.filter((name) => names.has(name))
  }
  /** The last part: runs of a model rarely differ in what they feed and ask for. */
  let known: Readonly<{ fed: readonly string[]; requested: readonly string[]; part: Part<Layer> }> | undefined
  const partFor = (fed: ReadonlyMap<string, Tensor>, requested: readonly string[]): Part<Layer> => {
    const names = [...fed.keys()]
    if (known && sameNames(known.fed, names) && sameNames(known.requested, requested)) return known.part
    const part = needed(layers, fed, requested, runner.mayBeAbsent)
    const missing = part.missing.filter((name) => inputNames.includes(name))
    if (missing.length === 0) {
      known = { fed: names, requested, part }
      return part
    }
    throw new Failure(
      `${source}: input ${quoteNames(missing)} is needed but missing; the model's inputs are ${quoteNames(inputNames)}, given: ${quoteNames([...fed.keys()])}`,
      { code: 'wrong-input' },
    )
  }
  const close = (): void => {
    if (closed) return
    closed = true
    if (running === 0) runner.close()
    else queue.then(() => runner.close()).catch(() => undefined)
  }
  const computeAll = async (fed: ReadonlyMap<string, Tensor>, requested: readonly string[], take: Emit) => {
    const wanted = requested.filter((name) => !fed.has(name))
    const part = partFor(fed, wanted)
    let refused: { readonly error: unknown } | undefined
    const give: Emit = (name, tensor) => {
      try {
        take(name, tensor)
      } catch (error) {
        refused = { error }
        throw error
      }
    }
    try {
      await inTurn(async () => {
        for (const name of requested) {
          const tensor = fed.get(name)
          if (tensor !== undefined) give(name, copyOf(tensor))
        }
        if (wanted.length === 0) return
        await runner.compute(fed, wanted, part, (name, tensor) => {
          rememberOrigin(tensor.data, runtime)
          give(name, tensor)
        })
      })
    } catch (error) {
      // What the callback threw, however the runtime has wrapped it.
      throw refused === undefined ? error : refused.error
    }
  }
  return {
    runtime,
    inputs,
    outputs,
    blobs,
    layers: layers.map(layerInfo),
    async run(given, options = {}) {
      checkOptionNames(options, runOptions, callerOf(`${source}: run`, Failure))
      const { outputs: names = outputNames, onTensor } = options
      if (closed) throw new Failure(`${source}: the model was closed`, { code: 'closed' })
      const fed = checkFed(given)
      const requested = names === 'all' ? allBlobs(new Set(fed.keys())) : checkRequested(names)
      if (onTensor !== undefined) {
        await computeAll(fed, requested, onTensor)
        return {}
      }
      const results = new Map<string, Tensor>()
      await computeAll(fed, requested, (name, tensor) => results.set(name, tensor))
      return Object.fromEntries(requested.map((name) => [name, results.get(name) as Tensor]))
    },
    close,
    [dispose]: close,
  }
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, index) => name === b[index])

/** The same tensor in memory of its own. */
export const copyOf = ({ data, shape, dtype }: Tensor): Tensor => ({ data: data.slice(), shape: [...shape], dtype })

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
