// The one interface behind which every runtime stands: the built-in ncnn engine, the real ncnn, ONNX, tfjs, LiteRT, PyTorch.
import type { DType } from '../tensor/dtype.ts'
import type { Runtime } from '../tensor/origin.ts'
import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import type { LayerDetails, VariantSettings } from './variant.ts'

export type { Runtime } from '../tensor/origin.ts'
export type {
  LayerAlternative,
  LayerChange,
  LayerDetails,
  LayerParams,
  LayerWeight,
  ScalarRange,
  VariantSettings,
} from './variant.ts'

/** What is known of an input or output before the model runs. */
export interface TensorInfo {
  readonly name: string
  /** Outermost first; -1 for a length that varies; absent when the model file does not say. */
  readonly shape?: readonly number[]
  readonly dtype?: DType
}

/** One step of a model's computation. */
export interface LayerInfo {
  /** What the model file calls it; where it has no name of its own, the name of its first output. */
  readonly name: string
  /** The operator, in the words of the runtime: `Convolution` in ncnn, `Conv` in ONNX, `Conv2d` in PyTorch. */
  readonly type: string
  /** Names of the tensors that it reads: inputs of the model and outputs of layers before it. Weights are not among them. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

export interface RunOptions {
  /** Names of the blobs to return, or `'all'` for every blob that was computed. Default: the model's outputs. */
  readonly outputs?: readonly string[] | 'all'
  /**
   * Is handed each requested tensor as soon as it is computed. The tensor is not kept: it is the callback's own, and `run` then resolves
   * to an empty record. Returned promises are not waited for. When it throws, the run ends and rejects with what was thrown.
   */
  readonly onTensor?: (name: string, tensor: Tensor) => void
}

/** A loaded model. Every loader of this package returns one. */
export interface Model extends Disposable {
  /** What runs it. Snapshots and recordings of what it computes say so. */
  readonly runtime: Runtime
  readonly inputs: readonly TensorInfo[]
  readonly outputs: readonly TensorInfo[]
  /** Every named intermediate, in execution order. */
  readonly blobs: readonly string[]
  /**
   * What computes the blobs, in execution order. Fed with its inputs and asked for its outputs, a layer runs alone. What only stands for
   * an input (ncnn's `Input`, TensorFlow's `Placeholder`) is no layer. Empty for recordings that were written before they had layers.
   */
  readonly layers: readonly LayerInfo[]
  /**
   * Runs the model. Any blob may be fed in `inputs` (then the layers before it are not run) and any blob may be asked for
   * in `options.outputs`. Inputs are copied at once: what becomes of the caller's arrays afterwards changes nothing, and no result is one
   * of them.
   */
  run(inputs: Readonly<Record<string, TensorLike>>, options?: RunOptions): Promise<Record<string, Tensor>>
  /**
   * The same model under other settings, a model of its own that has to be closed as well. ncnn models have variants, in the engine that
   * runs them; the files are opened again. Rejects, naming the setting, where the engine cannot honour it.
   */
  variant?(settings: VariantSettings): Promise<Model>
  /** What a layer holds: parameters, weights, and what else it might be. Absent where the runtime does not show it. */
  inspectLayer?(name: string): Promise<LayerDetails>
  /** Frees the model's memory. A closed model refuses to run. */
  close(): void
}
