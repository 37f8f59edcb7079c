// What every way to reach the real ncnn offers: load a network, feed blobs, extract blobs. Bytes only; types are the model's business.
import type { RawOptions } from './options.ts'

/** A blob by its name, or by its number where the .param is binary and has no names. */
export type BlobRef = string | number

/** Elements of one of ncnn's sizes, dense, outermost axis first. */
export interface RawTensor {
  readonly bytes: Uint8Array
  readonly shape: readonly number[]
  readonly bits: 8 | 16 | 32
  /** How many samples of this shape follow each other: ncnn's batch. Default 1. */
  readonly batch?: number
}

/** One step of a run. Steps work on one extractor, in this order. */
export type Step =
  | { readonly input: BlobRef; readonly tensor: RawTensor }
  /** `keep: false` only makes ncnn run the layers up to this blob. */
  | { readonly extract: BlobRef; readonly keep: boolean }

/** A network as ncnn is to load it. */
export interface RawModel {
  /** Text, or the bytes of a binary .param. */
  readonly param: string | Uint8Array
  readonly bin: Uint8Array
  readonly options: RawOptions
  /** Name of the .param, for messages. */
  readonly source: string
}

/** A loaded network. */
export interface NcnnSession {
  /**
   * @param onBlob takes the blobs of the steps `{ extract, keep: true }`, in their order, each as soon as it is there; one without elements
   *   has shape `[0]`
   */
  run(steps: readonly Step[], onBlob: (blob: RawTensor) => void): Promise<void>
  close(): void
  /** The graphics processor that computes, by its driver's name for it; absent where the processor does, or ncnn does not tell. */
  readonly device?: string
  /** Whether tensors may have batches. */
  readonly batches: boolean
}
