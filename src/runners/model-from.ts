// modelFrom: a Model of any function that computes tensors from tensors, whatever runs behind it.

import { describeValue } from '../arguments/describe.ts'
import { checkOptionNames, isRecord, type OptionsOf } from '../arguments/options.ts'
import { reasonOf } from '../host/reason.ts'
import { dtypes } from '../tensor/dtype.ts'
import { quoteNames } from '../tensor/quote-names.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { isTensorRecord, type TensorRecord } from '../tensor/tensor-record.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import { callerOf } from './check-arguments.ts'
import { copyOf, createModel } from './create-model.ts'
import type { Model, Runtime, TensorInfo } from './model.ts'
import { ModelError } from './model-error.ts'

/** What {@link modelFrom} makes a model of. */
export interface ModelFunction {
  /** What `run` is handed: names, or what else is known of them. A declared shape is checked, a declared dtype converted to. */
  readonly inputs: readonly (string | TensorInfo)[]
  /** What `run` returns: names, or what else is known of them. */
  readonly outputs: readonly (string | TensorInfo)[]
  /** What runs it: name, version, and the options that may change numbers. Snapshots and recordings store it. */
  readonly runtime: Runtime
  /**
   * Computes the outputs. It is handed tensors of its own, all inputs among them, and is not called again before it has ended. What it returns may
   * be anything that is like a tensor, and is copied at once.
   */
  run(inputs: Readonly<Record<string, Tensor>>): TensorRecord | Promise<TensorRecord>
  /** Frees what `run` needs. Is called once, while nothing runs. */
  close?(): void
}

const modelFunction = {
  inputs: 'any',
  outputs: 'any',
  runtime: { name: 'string', version: 'string', options: 'any' } satisfies OptionsOf<Runtime>,
  run: 'function',
  close: 'function',
} as const satisfies OptionsOf<ModelFunction>

/**
 * Makes a {@link Model} of a function: a pipeline of transformers.js, MediaPipe, an HTTP service, a native addon. It is checked, called and
 * compared as every other model is; its intermediate tensors are its own.
 *
 * @throws {ModelError} for names that are missing or given twice, and options that there are not
 *
 * @example
 * const model = modelFrom({
 *   inputs: [{ name: 'input_ids', dtype: 'int64' }],
 *   outputs: ['logits'],
 *   runtime: { name: 'transformers.js', version: env.version },
 *   run: ({ input_ids: { data, shape } }) => network({ input_ids: new Tensor('int64', data, shape) }),
 * })
 */
export function modelFrom(definition: ModelFunction): Model {
  const fail = (problem: string): never => {
    throw new ModelError(`modelFrom: ${problem}`, { code: 'wrong-option' })
  }
  if (!isRecord(definition)) {
    fail(`expected { inputs, outputs, runtime, run }, got ${describeValue(definition)}`)
  }
  checkOptionNames(definition, modelFunction, callerOf('modelFrom', ModelError))
  const { runtime, run } = definition
  if (run === undefined) fail('run is missing: the function that computes the outputs from the inputs')
  if (!runtime?.name)
    fail("runtime is missing: what runs the model, such as { name: 'transformers.js', version: '3.7.0' }")
  const [inputs, outputs] = [infosOf(definition.inputs, 'inputs', fail), infosOf(definition.outputs, 'outputs', fail)]
  const names = [...inputs, ...outputs].map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) fail(`the name "${twice}" is given twice among inputs and outputs`)
  const source = `the model of ${runtime.name}`
  const dtypes = new Map(inputs.map(({ name, dtype }) => [name, dtype]))
  return createModel(
    {
      source,
      runtime,
      inputs,
      outputs,
      blobs: names,
      layers: [
        {
          name: runtime.name,
          type: runtime.name,
          inputs: inputs.map(({ name }) => name),
          outputs: outputs.map(({ name }) => name),
        },
      ],
      has: (name) => names.includes(name),
      dtypeOf: (name) => dtypes.get(name),
      async compute(fed, requested, _, emit) {
        const results = await resultsOf(definition, fed, source)
        for (const name of requested) emit(name, tensorOf(results, name, source))
      },
      close: () => definition.close?.(),
    },
    ModelError,
  )
}

function infosOf(
  given: readonly (string | TensorInfo)[],
  what: string,
  fail: (problem: string) => never,
): readonly TensorInfo[] {
  if (!Array.isArray(given)) return fail(`${what} must be a list of names, such as ['x'], got ${describeValue(given)}`)
  return given.map((one: unknown) => {
    const info = typeof one === 'string' ? { name: one } : one
    if (!isRecord(info) || !('name' in info) || typeof info.name !== 'string' || info.name === '') {
      return fail(
        `${what} must be names, or objects such as { name: 'x', shape: [1, 3, -1, -1] }, got ${describeValue(one)}`,
      )
    }
    checkOptionNames(info, tensorInfo, callerOf(`modelFrom: ${what}`, ModelError))
    const problem = problemWithInfo(info as TensorInfo)
    if (problem !== undefined) return fail(`${what}: ${problem}`)
    return info as TensorInfo
  })
}

function problemWithInfo({ name, shape, dtype }: TensorInfo): string | undefined {
  if (dtype !== undefined && !dtypes.includes(dtype)) {
    return `the dtype of "${name}" must be one of ${dtypes.join(', ')}, got ${describeValue(dtype)}`
  }
  const isLength = (length: unknown): boolean => Number.isInteger(length) && Number(length) >= -1
  if (shape === undefined || (Array.isArray(shape) && shape.every(isLength))) return undefined
  return `the shape of "${name}" must be a list of lengths, -1 for one that varies, got ${describeValue(shape)}`
}

const tensorInfo = { name: 'string', shape: 'any', dtype: 'string' } as const satisfies OptionsOf<TensorInfo>

async function resultsOf(
  { run }: ModelFunction,
  fed: ReadonlyMap<string, Tensor>,
  source: string,
): Promise<TensorRecord> {
  let results: unknown
  try {
    results = await run(Object.fromEntries(fed))
  } catch (cause) {
    throw new ModelError(`${source}: ${reasonOf(cause)}`, { code: 'runtime-failed', cause })
  }
  if (isTensorRecord(results)) return results
  throw new ModelError(
    `${source}: run must return tensors by name, such as { y: tensor }, got ${describeValue(results)}`,
    {
      code: 'runtime-failed',
    },
  )
}

/** In memory of its own: a runtime may write its next results over the last. */
function tensorOf(results: TensorRecord, name: string, source: string): Tensor {
  if (Object.hasOwn(results, name)) return copyOf(toTensor(results[name], { name: `${source}: output "${name}"` }))
  throw new ModelError(
    `${source}: run returned no tensor "${name}", which is among its outputs; it returned ${quoteNames(Object.keys(results))}`,
    { code: 'runtime-failed' },
  )
}
