// The options of ONNX Runtime's sessions that change numbers: how they are checked, handed over, and named.
import { concatenate } from '../../files/format.ts'
import { OnnxError } from './error.ts'
import { graphFields, modelFields, nodeFields, tensorTypeFields, typeFields, valueFields } from './graph.ts'
import { bytesField, numberField } from './wire.ts'

const levels = ['disabled', 'basic', 'extended', 'layout', 'all'] as const

/** What computes a session's nodes: `'cpu'`, `'webgpu'`, `'cuda'`, ..., or one with its options, `{ name: 'cuda', deviceId: 1 }`. */
export type OnnxExecutionProvider = string | { readonly name: string; readonly [option: string]: unknown }

export interface OnnxSessionOptions {
  /**
   * How far ONNX Runtime may rewrite the graph, which changes the last digits. Default `'disabled'`. With another level numbers also depend
   * on which tensors are asked for: what is asked for cannot be fused.
   */
  readonly graphOptimizationLevel?: (typeof levels)[number]
  /** The first that can computes a node. Default: the processor. */
  readonly executionProviders?: readonly OnnxExecutionProvider[]
  /** How many threads share an operator, with the engine `'node'`. Default 1: sums are taken in another order by several. */
  readonly intraOpNumThreads?: number
}

/** @throws {OnnxError} for values that no ONNX Runtime knows */
export function checkSessionOptions(options: OnnxSessionOptions): void {
  const { graphOptimizationLevel: level, executionProviders: providers, intraOpNumThreads: threads } = options
  const refuse = (expected: string, given: unknown): never => {
    throw new OnnxError(`loadOnnx: ${expected}, got ${JSON.stringify(given)}`, { code: 'wrong-option' })
  }
  if (level !== undefined && !levels.includes(level)) {
    refuse(`graphOptimizationLevel must be one of ${levels.join(', ')}`, level)
  }
  if (providers !== undefined && !(Array.isArray(providers) && providers.length > 0 && providers.every(isProvider))) {
    refuse('executionProviders must be a list of names, or of objects with a name', providers)
  }
  if (threads !== undefined && !(Number.isSafeInteger(threads) && threads > 0)) {
    refuse('intraOpNumThreads must be a positive whole number', threads)
  }
}

const isProvider = (provider: unknown): boolean =>
  typeof provider === 'string' || (typeof provider === 'object' && provider !== null && 'name' in provider)

/** As ONNX Runtime takes them. */
export function sessionOptions({
  graphOptimizationLevel = 'disabled',
  executionProviders,
  intraOpNumThreads = 1,
}: OnnxSessionOptions): object {
  return {
    graphOptimizationLevel,
    ...(executionProviders && { executionProviders }),
    executionMode: 'sequential',
    intraOpNumThreads,
    interOpNumThreads: 1,
    // Fatal ones only: what goes wrong is thrown, and need not be printed besides.
    logSeverityLevel: 4,
  }
}

/** As a model's `runtime` names them. */
export function describeSession({
  graphOptimizationLevel = 'disabled',
  executionProviders,
  intraOpNumThreads = 1,
}: OnnxSessionOptions): Readonly<Record<string, unknown>> {
  return {
    graphOptimization: graphOptimizationLevel,
    threads: intraOpNumThreads,
    ...(executionProviders && { executionProviders }),
  }
}

const float32 = 1

/** The least model there is. ONNX Runtime leaves out a provider that it lacks where others are named: each is asked to run this alone. */
export function probeModel(): Uint8Array {
  const type = bytesField(typeFields.tensor, numberField(tensorTypeFields.elemType, float32))
  const value = (name: string): Uint8Array =>
    concatenate([bytesField(valueFields.name, name), bytesField(valueFields.type, type)])
  const node = [
    bytesField(nodeFields.input, 'x'),
    bytesField(nodeFields.output, 'y'),
    bytesField(nodeFields.opType, 'Identity'),
  ]
  const graph = [
    bytesField(graphFields.node, concatenate(node)),
    bytesField(graphFields.name, 'probe'),
    bytesField(graphFields.input, value('x')),
    bytesField(graphFields.output, value('y')),
  ]
  return concatenate([
    numberField(modelFields.irVersion, 7),
    bytesField(modelFields.opsetImport, numberField(2, 13)),
    bytesField(modelFields.graph, concatenate(graph)),
  ])
}
