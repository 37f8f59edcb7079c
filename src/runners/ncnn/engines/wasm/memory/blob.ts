// A blob: a dense tensor in the model's WebAssembly memory. Blobs of equal content may share storage.
import { sizeOf } from '../../../../../tensor/shape.ts'
import type { Arena } from './arena.ts'

/** Element types of blobs. `float64` occurs with `precision: 'float64'` only; 16-bit floats are kept as bits. */
export type BlobDType = 'float32' | 'float64' | 'int32' | 'int8' | 'uint8' | 'float16' | 'bfloat16'

export type BlobArray = Float32Array | Float64Array | Int32Array | Int8Array | Uint8Array | Uint16Array

const arrayOf = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
} as const

export const bytesPerElement = (dtype: BlobDType): number => arrayOf[dtype].BYTES_PER_ELEMENT

interface Storage {
  readonly arena: Arena
  readonly address: number
  owners: number
}

/**
 * Shape is outermost first with exactly ncnn's rank: `[w]`, `[h, w]`, `[c, h, w]`, `[c, d, h, w]`. Row-major and dense:
 * there is no gap between channels and no channel packing.
 */
export class Blob {
  readonly shape: readonly number[]
  readonly dtype: BlobDType
  /** Number of elements. */
  readonly length: number
  readonly #storage: Storage
  /** Of the first element, from where the storage begins. */
  readonly #offset: number
  #view: BlobArray | undefined

  private constructor(storage: Storage, shape: readonly number[], dtype: BlobDType, offset = 0) {
    this.#storage = storage
    this.#offset = offset
    this.shape = shape
    this.dtype = dtype
    this.length = sizeOf(shape)
    storage.owners++
  }

  /** Allocates uninitialised elements. */
  static alloc(arena: Arena, shape: readonly number[], dtype: BlobDType): Blob {
    const address = arena.alloc(sizeOf(shape) * bytesPerElement(dtype))
    return new Blob({ arena, address, owners: 0 }, shape, dtype)
  }

  /** Address of the first element, for kernels. */
  get ptr(): number {
    return this.#storage.address + this.#offset
  }

  /** The elements. Taken anew after anything was allocated: growing the memory detaches earlier views. */
  get data(): BlobArray {
    const { buffer } = this.#storage.arena.memory
    if (this.#view === undefined || this.#view.buffer !== buffer) {
      this.#view = new arrayOf[this.dtype](buffer, this.ptr, this.length)
    }
    return this.#view
  }

  /** True when no other blob shares this one's storage. */
  get exclusive(): boolean {
    return this.#storage.owners === 1
  }

  /** The same elements under another shape of equal size. */
  share(shape: readonly number[] = this.shape): Blob {
    return new Blob(this.#storage, shape, this.dtype, this.#offset)
  }

  /** Neighbouring elements from the `start`-th on, under a shape of their own. */
  part(start: number, shape: readonly number[]): Blob {
    return new Blob(this.#storage, shape, this.dtype, this.#offset + start * bytesPerElement(this.dtype))
  }

  /** Makes this blob the only owner of its storage: nobody uses those that share it any more. */
  ownAlone(): void {
    this.#storage.owners = 1
  }

  /** Gives the blob up; its memory is freed with the last blob that shares it. */
  release(): void {
    this.#storage.owners--
    if (this.#storage.owners === 0) this.#storage.arena.free(this.#storage.address)
  }
}
