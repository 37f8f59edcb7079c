// What a model can say of its layers, and how it can be made to differ: what an analysis changes, one thing at a time.
import type { Tensor } from '../tensor/tensor.ts'

/** Parameters by their documented names. */
export type LayerParams = Readonly<Record<string, number | string | readonly number[]>>

/** Under which a model is to compute; what is left out stays as it is. */
export interface VariantSettings {
  /** `'float64'` computes every layer in double precision. */
  readonly precision?: 'float32' | 'float64'
  /** ncnn's switches by name, such as `useFp16Storage`; those that are not named stay as they are. */
  readonly ncnn?: Readonly<Record<string, boolean | number | undefined>>
  /** ncnn's feature masks (parameter 31) by the names of layers, which say what a layer does not take part in: 2 is fp16 storage. */
  readonly masks?: Readonly<Record<string, number>>
  /** float32 weights are rounded to what this type can hold, as when a converter stores them so. Biases and norms stay. */
  readonly weights?: 'float16' | 'bfloat16'
  /** Changes of layers, by their names. */
  readonly layers?: Readonly<Record<string, LayerChange>>
  /** These layers alone: what they read becomes inputs, which have no declared shape. */
  readonly only?: readonly string[]
}

/** Another layer in place of one. */
export interface LayerChange {
  /** Another type; of a layer without weights only. It takes none of the old parameters. */
  readonly type?: string
  /** Parameters that are set; undefined takes one away, so that it has its default. */
  readonly params?: Readonly<Record<string, number | string | readonly number[] | undefined>>
  /** The blobs that it reads. */
  readonly inputs?: readonly string[]
  /** Weights by name, float32, as many elements as before. */
  readonly weights?: Readonly<Record<string, Tensor>>
}

/** What a layer holds. */
export interface LayerDetails {
  readonly params: LayerParams
  readonly weights: readonly LayerWeight[]
  readonly computesInInt8: boolean
  /** Whether it is a convolution that Winograd's algorithm can compute. */
  readonly allowsWinograd: boolean
  /** How many steps of int8 are 1 in its outputs: one number, or one for each slice of the first axis. Absent where it gives no int8. */
  readonly outputScales?: readonly number[]
  /** Single changes by which conversions go wrong, the likeliest first. */
  readonly alternatives: readonly LayerAlternative[]
  /** Numbers that the layer depends on and that may have any value. */
  readonly scalars: readonly ScalarRange[]
  /** The change by which it gives nothing below the one number and nothing above the other; absent where it cannot. */
  readonly limits?: (least: number, most: number) => LayerChange
  /** The terms of its longest sum, for inputs and outputs of these shapes; 0 when it rounds nothing. */
  sumLength(inputs: readonly (readonly number[])[], outputs: readonly (readonly number[])[]): number
}

export interface LayerWeight {
  readonly name: string
  /** Outputs of the layer first, where the weight has any. */
  readonly shape: readonly number[]
  /** How the file stores it: `fp32`, `fp16`, `int8`, ... */
  readonly storage: string
  /** Whether converters store it in fewer bits: filters and matrices, not biases. */
  readonly isCompressible: boolean
  /** Reads its elements from the file: int8 ones as int8, all others as float32. */
  read(): Promise<Tensor>
}

export interface LayerAlternative {
  /** A clause: `its axis is 1 instead of 0`. */
  readonly what: string
  readonly change: LayerChange
}

export interface ScalarRange {
  readonly name: string
  readonly value: number
  /** The least value that makes sense. */
  readonly least: number
  change(value: number): LayerChange
}
