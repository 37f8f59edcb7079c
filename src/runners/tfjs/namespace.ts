// The part of TensorFlow.js that is used, whichever of its packages it comes from.
import type { DType, TypedArray } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { toTensor } from '../../tensor/to-tensor.ts'
import { castTo, firstLine } from '../create-model.ts'
import type { Runtime } from '../model.ts'
import type { GraphNode } from './artifacts.ts'

/** A tensor of TensorFlow.js. */
export interface TfTensor {
  readonly shape: number[]
  readonly dtype: string
  dataSync(): Float32Array | Int32Array | Uint8Array
  dispose(): void
}

/** What `tf.io` calls the artifacts of a model. */
export interface ModelArtifacts {
  readonly modelTopology: object
  readonly weightSpecs: readonly object[]
  readonly weightData: ArrayBuffer
}

/** What `loadGraphModel` returns. */
export interface TfGraphModel {
  readonly inputs: readonly { readonly name: string; readonly shape?: readonly number[]; readonly dtype: string }[]
  readonly inputNodes: readonly string[]
  readonly outputs: readonly { readonly name: string }[]
  readonly outputNodes: readonly string[]
  readonly weights: Readonly<Record<string, readonly TfTensor[]>>
  execute(inputs: Record<string, TfTensor>, outputs: string[]): TfTensor | TfTensor[]
  executeAsync(inputs: Record<string, TfTensor>, outputs: string[]): Promise<TfTensor | TfTensor[]>
  dispose(): void
  /** Not among its declarations, and there since version 1. */
  readonly artifacts?: { readonly modelTopology?: { readonly node?: readonly GraphNode[] } }
}

/** What `loadLayersModel` returns. */
export interface TfLayersModel {
  readonly inputs: readonly TfSymbolicTensor[]
  readonly outputs: readonly TfSymbolicTensor[]
  readonly weights: readonly { readonly val: { readonly isDisposed: boolean; dispose(): void } }[]
  /** A sequence has none of the three above before it is built. */
  readonly layers: readonly TfLayer[]
  readonly name: string
  dispose(): void
}

/** What `tf.node.loadSavedModel` returns. */
export interface TfSavedModel {
  /** Not among its declarations. */
  readonly signature: TfSignature
  predict(inputs: Record<string, TfTensor>): Record<string, TfTensor>
  dispose(): void
}

/** Inputs and outputs by name, as `tf.node.getMetaGraphsFromSavedModel` tells them. */
export interface TfSignature {
  readonly inputs: Readonly<Record<string, TfTensorInfo>>
  readonly outputs: Readonly<Record<string, TfTensorInfo>>
}

export interface TfTensorInfo {
  /** `DT_INT64` and the like. */
  readonly tfDtype: string
  /** Empty for a scalar, and where nothing is known. */
  readonly shape: readonly { getSize(): number }[]
}

/** A model that TensorFlow.js has loaded: a `GraphModel`, a `LayersModel` or a `TFSavedModel`. */
export interface LoadedTfModel {
  readonly inputs: readonly object[]
  readonly outputs: readonly object[]
  predict(...inputs: never[]): unknown
}

/** A tensor of the network, before there are elements. */
export interface TfSymbolicTensor {
  readonly name: string
  readonly shape: readonly (number | null)[]
  readonly dtype: string
  readonly sourceLayer: TfLayer
  readonly nodeIndex: number
}

export interface TfLayer {
  readonly name: string
  readonly supportsMasking: boolean
  getClassName(): string
  /** One for each time the layer is called. */
  readonly inboundNodes: readonly TfLayerCall[]
  apply(inputs: TfTensor[], options?: { mask?: TfTensor }): TfTensor | TfTensor[]
  computeMask(inputs: TfTensor[], masks: (TfTensor | null)[]): TfTensor | TfTensor[] | null
}

export interface TfLayerCall {
  readonly inputTensors: readonly TfSymbolicTensor[]
  readonly outputTensors: readonly TfSymbolicTensor[]
}

/**
 * The namespace of `@tensorflow/tfjs`, `@tensorflow/tfjs-node`, or `{ ...core, ...converter, ...layers }` of the packages
 * `@tensorflow/tfjs-core` (with a backend), `-converter` (for graph models) and `-layers` (for layers models).
 */
export interface TfNamespace {
  // biome-ignore lint/suspicious/noExplicitAny: the signatures of every version and package must fit
  readonly [member: string]: any
}

/** The members of the namespace that are used, as far as they are there. */
export interface Tf {
  readonly version_core?: string
  ready(): Promise<void>
  getBackend(): string
  /** `binding` is tfjs-node's. */
  backend?(): { readonly binding?: { readonly TF_Version?: string } }
  tensor(values: TypedArray, shape: readonly number[], dtype: string): TfTensor
  tidy(task: () => void): void
  loadGraphModel?(handler: { load(): Promise<ModelArtifacts> }): Promise<TfGraphModel>
  loadLayersModel?(handler: { load(): Promise<ModelArtifacts> }): Promise<TfLayersModel>
  /** Of tfjs-node. */
  readonly node?: {
    loadSavedModel(folder: string, tags: string[], signature: string): Promise<TfSavedModel>
    getMetaGraphsFromSavedModel(folder: string): Promise<readonly TfMetaGraph[]>
  }
}

export interface TfMetaGraph {
  readonly tags: readonly string[]
  readonly signatureDefs: Readonly<Record<string, TfSignature>>
}

/** What runs a model on the backend that is set. In tfjs-node TensorFlow's version and oneDNN change the last digits, too. */
export function runtimeOf(tf: Tf): Runtime {
  const tensorflow = tf.backend?.().binding?.TF_Version
  return {
    name: 'tfjs',
    ...(tf.version_core !== undefined && { version: tf.version_core }),
    options: { backend: tf.getBackend(), ...(tensorflow !== undefined && { tensorflow, oneDnn: oneDnn() }) },
  }
}

/** Whether TensorFlow may use oneDNN; left alone it decides by the processor. */
function oneDnn(): 'on' | 'off' | 'by processor' {
  const chosen = process.env.TF_ENABLE_ONEDNN_OPTS?.toLowerCase()
  if (chosen === '1' || chosen === 'true') return 'on'
  return chosen === '0' || chosen === 'false' ? 'off' : 'by processor'
}

/** A failure of TensorFlow.js in a line, with the cure where it is known. */
export function explainTf(error: unknown): string {
  const reason = firstLine(error)
  if (!/\b(isNullOrUndefined|isArray)\b.* is not a function/.test(reason)) return reason
  return `${reason}. @tensorflow/tfjs-node calls what Node 23 removed from node:util. Give it back in a setup file, before anything is computed: import util from 'node:util'; util.isNullOrUndefined ??= (value) => value == null; util.isArray ??= Array.isArray`
}

/** TensorFlow.js has three types with numbers; integers of other widths become int32, floats float32. */
function tfDtype(dtype: DType): 'float32' | 'int32' | 'bool' {
  if (dtype === 'bool') return 'bool'
  return /int/.test(dtype) ? 'int32' : 'float32'
}

/** Elements of a tensor in TensorFlow.js; its types are among ours. */
export function toTf(tf: Tf, tensor: Tensor, name: string): TfTensor {
  const dtype = tfDtype(tensor.dtype)
  const { data, shape } = castTo(dtype, tensor, name)
  return tf.tensor(data, shape, dtype)
}

/** Elements of a tensor of TensorFlow.js, in memory of their own. */
export function fromTf(tensor: TfTensor, name: string): Tensor {
  const { data, shape, dtype } = toTensor(tensor, { name: `"${name}"` })
  return { data: data.slice(), shape: [...shape], dtype }
}

/** What `task` returns; all tensors that it makes are freed. TensorFlow.js would look for tensors in every element of a result. */
export function tidied<Result>(tf: Tf, task: () => Result): Result {
  let result: { value: Result } | undefined
  tf.tidy(() => {
    result = { value: task() }
  })
  return (result as unknown as { value: Result }).value
}
