// How a layer type is declared: everything that this package knows about it, from its number in a binary .param to what it computes.
import type { NcnnKernels } from '../../../../kernels/ncnn.ts'
import type { GraphLayer } from '../../graph.ts'
import type { ParamSpecs, ParamValues } from '../../params.ts'
import type { WeightSpec, WeightSpecs } from '../../weights.ts'
import type { Blob, BlobDType } from './memory/blob.ts'
import type { LayerOptions } from './precision/layer-options.ts'
import type { Storage16 } from './precision/reduced-precision.ts'

/** How many input blobs a layer takes, and the tuple in which `forward` receives them. */
interface InputTuples {
  '0': readonly []
  '1': readonly [Blob]
  '2': readonly [Blob, Blob]
  '3': readonly [Blob, Blob, Blob]
  '1..2': readonly [Blob, Blob?]
  '1..3': readonly [Blob, Blob?, Blob?]
  '1..4': readonly [Blob, Blob?, Blob?, Blob?]
  '2..3': readonly [Blob, Blob, Blob?]
  '3..6': readonly [Blob, Blob, Blob, ...Blob[]]
  '0+': readonly Blob[]
  '1+': readonly [Blob, ...Blob[]]
  '2+': readonly [Blob, Blob, ...Blob[]]
}
export type InputCount = keyof InputTuples

/** The blobs of the weights that a layer declared; a weight that may be absent is `Blob | undefined`. */
type WeightBlobs<W extends WeightSpecs> = {
  readonly [K in keyof W]: W[K] extends WeightSpec ? Blob : Blob | undefined
}

/** Element types of ncnn's blobs. ncnn itself knows no more of them than their size. */
export type ElementType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'int8'

/** What a layer takes the elements of its inputs for, and what those of its outputs are; undefined: whatever its first input holds. */
export interface Elements {
  readonly reads: ElementType | undefined
  readonly writes: ElementType | undefined
  /** It takes int8 as well as what it reads otherwise. */
  readonly takesInt8?: boolean
}

/** `moved`: handed on without being looked at. The parameters decide where a function says so. */
type ElementRule<P extends ParamSpecs> = 'float32' | 'moved' | Elements | ((params: ParamValues<P>) => Elements)

/** In which 16-bit types a layer stores: all, none, or one. */
export type Stores16 = boolean | Storage16

/** What the operations of a layer are counted from. */
export interface MeasuredLayer<P extends ParamSpecs, W extends WeightSpecs> {
  readonly params: ParamValues<P>
  /** Elements of each weight as it is stored. */
  readonly weights: { readonly [K in keyof W]: W[K] extends WeightSpec ? number : number | undefined }
  /** Shapes. */
  readonly inputs: readonly (readonly number[])[]
  readonly outputs: readonly (readonly number[])[]
}

/** One layer of a loaded network, as `forward` sees it. */
export interface LoadedLayer<P extends ParamSpecs, W extends WeightSpecs, Prepared> extends LayerOptions {
  readonly params: ParamValues<P>
  readonly weights: WeightBlobs<W>
  readonly prepared: Prepared
  readonly outputCount: number
  readonly graph: GraphLayer
}

/** What a layer works with while the network runs. */
export interface Workspace {
  readonly kernels: NcnnKernels
  /** Element type of computed blobs: `float64` when the model was loaded with `precision: 'float64'`. Kernels know float32 only. */
  readonly float: 'float32' | 'float64'
  /** A new blob with uninitialised elements. Take `.data` of other blobs after allocating, not before. */
  alloc(shape: readonly number[], dtype?: BlobDType): Blob
  /** A blob for the layer's own use, freed when the layer has run. */
  scratch(shape: readonly number[], dtype?: BlobDType): Blob
  /** A blob of `like`'s shape and dtype for elementwise results: `like`'s own memory when nothing reads it afterwards. */
  reuse(like: Blob): Blob
}

/** The declaration of one ncnn layer type. */
export interface LayerType<
  i extends InputCount = InputCount,
  P extends ParamSpecs = ParamSpecs,
  W extends WeightSpecs = WeightSpecs,
  Prepared = unknown,
> {
  /** ncnn's name of the type. */
  readonly type: string
  /** The number by which a binary .param names it: its place in ncnn's registration order, src/CMakeLists.txt, which only grows. */
  readonly binaryId: number
  readonly inputs: i
  /** The element types of its inputs and outputs: almost all layers compute float32 from float32. */
  readonly elements: ElementRule<P>
  /**
   * Whether ncnn stores its weights, inputs and outputs in 16 bits on ARM processors, fp16 and bf16 or only one of them: what its class
   * in src/layer/arm sets `support_fp16_storage` and `support_bf16_storage` to. Other layers get float32 and give float32. The parameters
   * decide where a function says so.
   */
  readonly stores16: Stores16 | ((params: ParamValues<P>) => Stores16)
  readonly params: P
  /** Refuses parameters, and numbers of inputs and outputs, with which ncnn does not load the layer. */
  check?(params: ParamValues<P>, layer: GraphLayer): void
  /** Weights in the order in which they stand in the .bin, by their documented names. */
  weights?(params: ParamValues<P>, layer: GraphLayer): W
  /**
   * Floating-point operations, a multiplication and an addition being two. Of layers made of products and sums: convolutions, matrix
   * products, recurrence, attention. All others take a few operations for each element at most, and do not declare them.
   */
  flops?(layer: MeasuredLayer<P, W>): number
  /**
   * Weights that `prepare` packs from float16 bits as well as from float32: where the .bin stores them in 16 bits, and nothing else
   * needs them as float32, their blobs are `float16`. `asFloat32` decodes those that are not packed after all.
   */
  readonly packsHalf?: readonly (keyof W & string)[]
  /** Whether ncnn's ARM code makes something else of the float32 weights than the 16 bits that it stores otherwise. */
  keepsFloatWeights?(params: ParamValues<P>, options: LayerOptions): boolean
  /** Whether ncnn's ARM code leaves its results in float32 although it stores 16 bits. */
  leavesFloat32?(params: ParamValues<P>, options: LayerOptions): boolean
  /** Once at load: packs weights for the kernels, precomputes tables. What it allocates lives as long as the model. */
  prepare?(layer: Omit<LoadedLayer<P, W, undefined>, 'prepared'>, workspace: Workspace): Prepared
  /** Whether the input may be left unfed; `forward` then gets an empty blob in its place. Default: no input may. */
  mayBeAbsent?(params: ParamValues<P>, index: number, layer: GraphLayer): boolean
  /** Computes the outputs. Returned blobs belong to the caller; an input is returned as `input.share(shape)`. */
  forward(inputs: InputTuples[i], layer: LoadedLayer<P, W, Prepared>, workspace: Workspace): Blob | readonly Blob[]
  /** In place of `forward`, for a layer that knows of batches: the samples of each input, to the samples of each output. */
  forwardBatch?(
    inputs: readonly Samples[],
    layer: LoadedLayer<P, W, Prepared>,
    workspace: Workspace,
  ): readonly Samples[]
}

/** The samples of a batch; one for a blob without a batch. */
export type Samples = readonly [Blob, ...Blob[]]

/** What a type needs to be run, as custom layers have it, too. Its particulars are erased. */
export interface RunnableType {
  readonly type: string
  readonly inputs: InputCount
  readonly stores16: Stores16 | ((params: ParamValues<ParamSpecs>) => Stores16)
  readonly params: ParamSpecs
  check?(params: ParamValues<ParamSpecs>, layer: GraphLayer): void
  weights?(params: ParamValues<ParamSpecs>, layer: GraphLayer): WeightSpecs
  flops?(layer: MeasuredLayer<ParamSpecs, WeightSpecs>): number
  readonly packsHalf?: readonly string[]
  keepsFloatWeights?(params: ParamValues<ParamSpecs>, options: LayerOptions): boolean
  leavesFloat32?(params: ParamValues<ParamSpecs>, options: LayerOptions): boolean
  prepare?(layer: Omit<LoadedLayer<ParamSpecs, WeightSpecs, undefined>, 'prepared'>, workspace: Workspace): unknown
  mayBeAbsent?(params: ParamValues<ParamSpecs>, index: number, layer: GraphLayer): boolean
  forward(
    inputs: readonly Blob[],
    layer: LoadedLayer<ParamSpecs, WeightSpecs, unknown>,
    workspace: Workspace,
  ): Blob | readonly Blob[]
  forwardBatch?(
    inputs: readonly Samples[],
    layer: LoadedLayer<ParamSpecs, WeightSpecs, unknown>,
    workspace: Workspace,
  ): readonly Samples[]
}

/** One of ncnn's layer types, as the table of all types holds it. */
export interface AnyLayerType extends RunnableType {
  readonly binaryId: number
  readonly elements: ElementRule<ParamSpecs>
}

/** Declares a layer type; inference gives `forward` the exact types of inputs, parameters and weights. */
export function defineLayer<
  const i extends InputCount,
  P extends ParamSpecs,
  // biome-ignore lint/complexity/noBannedTypes: a layer without weights has an empty record of them
  W extends WeightSpecs = {},
  Prepared = undefined,
>(definition: LayerType<i, P, W, Prepared>): AnyLayerType {
  // The table calls every layer with what its own declaration asked for, which its erased type cannot say.
  return definition as unknown as AnyLayerType
}

/** Least and greatest number of inputs. */
export function inputRange(count: InputCount): [min: number, max: number] {
  if (count.endsWith('+')) return [Number(count.slice(0, -1)), Infinity]
  const [min, max] = count.split('..').map(Number)
  return [min ?? 0, max ?? min ?? 0]
}
