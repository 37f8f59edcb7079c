// Entry `expect-tensor/files`: tensors in .npy, .npz and .safetensors files.
import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import type { EncodeOptions } from './format.ts'
import {
  type ReadTensorOptions,
  readTensorSync,
  readTensorsSync,
  type WriteTensorOptions,
  writeTensorSync,
  writeTensorsSync,
} from './read-write.ts'

export type { DType, TypedArray } from '../tensor/dtype.ts'
export type { Tensor, TensorLike } from '../tensor/tensor.ts'
export { TensorFileError, type TensorFileErrorCode } from './error.ts'
export type { EncodeOptions as WriteTensorsOptions } from './format.ts'
export { decodeNpy, encodeNpy } from './npy.ts'
export { decodeNpz, encodeNpz } from './npz.ts'
export type { ReadTensorOptions, WriteTensorOptions } from './read-write.ts'
export { decodeSafetensors, encodeSafetensors } from './safetensors.ts'

/**
 * Reads the one tensor of a `.npy`, `.npz` or `.safetensors` file, or the one called `options.name`; the others stay unread.
 * The result owns its memory and is row-major in the machine's byte order, whatever the file has.
 *
 * @param file a path, relative to the working directory, or a `file:` URL such as `new URL('fbank.npy', import.meta.url)`
 * @throws TensorFileError when the file is missing, damaged, of a type that no tensor here can hold, or holds several tensors
 *   and none is chosen
 */
export async function readTensor(file: string | URL, options?: ReadTensorOptions): Promise<Tensor> {
  return readTensorSync(file, options)
}

/**
 * Reads all tensors of a `.npz` or `.safetensors` file, by name. The tensor of a `.npy` file, which has no name, is called like
 * the file: `fbank` for `data/fbank.npy`. Members of a `.npz` file that are not arrays are left out.
 * Every tensor owns its memory: keeping one does not keep the others.
 *
 * @throws TensorFileError when the file is missing, damaged, or of a type that no tensor here can hold
 */
export async function readTensors(file: string | URL): Promise<Record<string, Tensor>> {
  return readTensorsSync(file)
}

/**
 * Writes one tensor. The file is replaced as a whole or not at all, also when two processes write it at once.
 *
 * @throws TensorFileError when the format cannot hold the tensor (bfloat16 needs `.safetensors`) or the file cannot be written;
 *   what was there before stays
 */
export async function writeTensor(file: string | URL, tensor: TensorLike, options?: WriteTensorOptions): Promise<void> {
  writeTensorSync(file, tensor, options)
}

/**
 * Writes named tensors to a `.npz` or `.safetensors` file, which is replaced as a whole or not at all.
 *
 * @throws TensorFileError when the format cannot hold a tensor, a name or the options, or the file cannot be written; what was
 *   there before stays
 */
export async function writeTensors(
  file: string | URL,
  tensors: Readonly<Record<string, TensorLike>>,
  options?: EncodeOptions,
): Promise<void> {
  writeTensorsSync(file, tensors, options)
}
