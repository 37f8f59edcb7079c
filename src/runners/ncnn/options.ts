// The options of loadNcnn, and what the engines share: ncnn's own switches in camelCase.
import type { OptionsOf } from '../../arguments/options.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Runner } from '../create-model.ts'
import type { Batched } from './batches.ts'
import type { Graph, GraphLayer } from './graph.ts'
import type { Topology } from './topology.ts'
import type { WeightSource } from './weight-source.ts'

/**
 * ncnn's `Option` switches. Left out, those that change results take the reference setting: no fp16, no bf16, no Winograd, no sgemm,
 * no packing, one thread; the others are as ncnn has them. Engines for which a switch changes nothing accept it; a switch that an
 * engine cannot honour is an error.
 */
export interface NcnnOptions {
  readonly numThreads?: number
  readonly lightmode?: boolean
  readonly openmpBlocktime?: number
  readonly flushDenormals?: number
  readonly useLocalPoolAllocator?: boolean
  readonly usePackingLayout?: boolean
  readonly useSgemmConvolution?: boolean
  readonly useWinogradConvolution?: boolean
  readonly useWinograd23Convolution?: boolean
  readonly useWinograd43Convolution?: boolean
  readonly useWinograd63Convolution?: boolean
  readonly useA53A55OptimizedKernel?: boolean
  readonly useFp16Packed?: boolean
  readonly useFp16Storage?: boolean
  readonly useFp16Arithmetic?: boolean
  readonly useFp16Uniform?: boolean
  readonly useBf16Packed?: boolean
  readonly useBf16Storage?: boolean
  readonly useInt8Inference?: boolean
  readonly useInt8Packed?: boolean
  readonly useInt8Storage?: boolean
  readonly useInt8Arithmetic?: boolean
  readonly useInt8Uniform?: boolean
  readonly useInt16Packed?: boolean
  readonly useInt16Storage?: boolean
  readonly useVulkanCompute?: boolean
  readonly vulkanDeviceIndex?: number
  readonly useSubgroupOps?: boolean
  readonly useTensorStorage?: boolean
  readonly useShaderLocalMemory?: boolean
  readonly useCooperativeMatrix?: boolean
  readonly useWeightsInHostMemory?: boolean
  readonly useMappedModelLoading?: boolean
}

/** ncnn's switches, for checks. */
export const ncnnSwitches = {
  numThreads: 'number',
  lightmode: 'boolean',
  openmpBlocktime: 'number',
  flushDenormals: 'number',
  useLocalPoolAllocator: 'boolean',
  usePackingLayout: 'boolean',
  useSgemmConvolution: 'boolean',
  useWinogradConvolution: 'boolean',
  useWinograd23Convolution: 'boolean',
  useWinograd43Convolution: 'boolean',
  useWinograd63Convolution: 'boolean',
  useA53A55OptimizedKernel: 'boolean',
  useFp16Packed: 'boolean',
  useFp16Storage: 'boolean',
  useFp16Arithmetic: 'boolean',
  useFp16Uniform: 'boolean',
  useBf16Packed: 'boolean',
  useBf16Storage: 'boolean',
  useInt8Inference: 'boolean',
  useInt8Packed: 'boolean',
  useInt8Storage: 'boolean',
  useInt8Arithmetic: 'boolean',
  useInt8Uniform: 'boolean',
  useInt16Packed: 'boolean',
  useInt16Storage: 'boolean',
  useVulkanCompute: 'boolean',
  vulkanDeviceIndex: 'number',
  useSubgroupOps: 'boolean',
  useTensorStorage: 'boolean',
  useShaderLocalMemory: 'boolean',
  useCooperativeMatrix: 'boolean',
  useWeightsInHostMemory: 'boolean',
  useMappedModelLoading: 'boolean',
} as const satisfies OptionsOf<NcnnOptions>

/** The files of a model, not yet understood. */
export interface NcnnFiles {
  /** Text, or the bytes of a text or binary .param. */
  readonly param: string | Uint8Array
  /** Open until the engine has loaded the model. */
  readonly bin: WeightSource
  /** Name for messages: the path, or `param` for models given as bytes. */
  readonly paramName: string
}

/** Value of one parameter of a custom layer. */
export type ParamValue = number | readonly number[] | string | BinaryParam

/** A parameter from a binary file: 32-bit words, one for a scalar, that hold integers or the bits of floats; the file does not say which. */
export interface BinaryParam {
  readonly words: readonly number[]
}

/** Computes an operator that ncnn does not have. Shapes are ncnn's, outermost first. */
export type CustomForward = (
  inputs: readonly Tensor[],
  /** By ncnn's parameter id. */
  params: Readonly<Record<number, ParamValue>>,
  weights: readonly Tensor[],
) => readonly Tensor[]

/** A custom layer that reads weights from the .bin says how many elements each has, and whether a storage tag precedes it. */
export interface CustomLayer {
  weights(params: Readonly<Record<number, ParamValue>>): readonly { readonly count: number; readonly tagged: boolean }[]
  readonly forward: CustomForward
}

export type CustomLayers = Readonly<Record<string, CustomForward | CustomLayer>>

/** What an engine needs besides the files. */
export interface EngineOptions {
  readonly ncnn: NcnnOptions
  readonly precision: 'float32' | 'float64'
  readonly customLayers: CustomLayers
  /** In bytes; undefined for as much as there is. */
  readonly memoryLimit: number | undefined
  /** Undefined: as the engine sees fit. */
  readonly weightsOnDemand: boolean | undefined
  readonly relaxedSimd: boolean
  /** ncnn's release that the files were made for. */
  readonly release: string
  readonly batched: Batched
}

/** Calls `use` with the weights of a model, which are open until it has ended. */
export type WithWeights = <Result>(use: (bin: WeightSource) => Promise<Result>) => Promise<Result>

/** A model as an engine gets it: its network, understood, with the files that describe it. */
export interface NcnnModel extends NcnnFiles {
  readonly graph: Graph
  readonly topology: Topology
  /** Opens the .bin anew, for weights that are read when they are needed. */
  readonly withWeights: WithWeights
}

/** A network in an engine, ready to run. */
export type NcnnNetwork = Pick<Runner<GraphLayer>, 'compute' | 'computed' | 'close' | 'mayBeAbsent' | 'readsAtOnce'> & {
  /** The graphics processor that computes, if one does. */
  readonly device?: string
}

/** Something that runs ncnn models: the built-in engine, or a real ncnn. */
export interface NcnnEngine {
  readonly name: string
  /** The version of ncnn that it runs. Rejects, with the reason, where the engine cannot run. */
  version(): Promise<string>
  /** Why the engine cannot honour these options; undefined if it can, as far as it knows before it loads a model. */
  refuses?(ncnn: NcnnOptions): string | undefined
  /** @internal */
  load(model: NcnnModel, options: EngineOptions): Promise<NcnnNetwork>
}

export interface LoadNcnnOptions {
  /** Path of the .bin; by default the one beside the .param. */
  readonly bin?: string | URL
  /**
   * Default `'wasm'`, the engine that is built in. `'python'` is the `ncnn` wheel, `'native'` a shared library of ncnn's; where they are
   * not where one would look for them, `pythonEngine`, `nativeEngine` and `emscriptenEngine` say so.
   */
  readonly engine?: 'wasm' | 'python' | 'native' | NcnnEngine
  readonly ncnn?: NcnnOptions
  /** Built-in engine only: `'float64'` computes every layer in double precision, as the exact reference. Default `'float32'`. */
  readonly precision?: 'float32' | 'float64'
  /** Built-in engine only: most bytes that weights and blobs may take, for models that are not trusted. Default: WebAssembly's 4 GiB. */
  readonly memoryLimit?: number
  /**
   * Built-in engine only: read each layer's weights when it runs, and give them back after it. Memory then holds those of one layer at a
   * time, and 16-bit weights stay as they are in the .bin; results are the same bits, and each run reads the .bin again, so the file, or
   * the bytes that were given, must stay as they are. Default: only where the weights take more than WebAssembly's 4 GiB.
   */
  readonly weightsOnDemand?: boolean
  /**
   * Built-in engine only: multiply and add in one step where the processor can. Faster, but results are the same bits on such processors
   * only. Needs Node 22 or a browser with relaxed SIMD. Default: whether the environment variable `EXPECT_TENSOR_RELAXED_SIMD` is `1`.
   */
  readonly relaxedSimd?: boolean
  /**
   * The release of ncnn that the files were made for, by its date, such as `'20260722'`. Matters where they do not say it themselves:
   * block-quantised weights have lost their tag with 20261020. Default `'20261020'`.
   */
  readonly release?: string
  /** Operators by layer type. They take precedence over ncnn's own. */
  readonly customLayers?: CustomLayers
  /**
   * Which inputs have a leading batch axis: all (`true`), or those that are named. Samples run one by one, but for layers that mix them
   * (Reshape 12, 13); an input of one sample serves all. What is computed from a batch has a leading axis as well.
   */
  readonly batched?: Batched
}

export const loadNcnnOptions = {
  bin: 'any',
  engine: 'any',
  ncnn: ncnnSwitches,
  precision: 'any',
  memoryLimit: 'number',
  weightsOnDemand: 'boolean',
  relaxedSimd: 'boolean',
  release: 'any',
  customLayers: 'any',
  batched: 'any',
} as const satisfies OptionsOf<LoadNcnnOptions>
