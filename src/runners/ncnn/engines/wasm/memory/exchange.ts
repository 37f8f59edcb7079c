// Tensors in, tensors out: copies between the user's tensors and the engine's blobs.
import type { DType, TypedArray } from '../../../../../tensor/dtype.ts'
import { bfloat16ToFloat32Array, float16ToFloat32Array } from '../../../../../tensor/half.ts'
import type { Tensor } from '../../../../../tensor/tensor.ts'
import { NcnnError } from '../../../error.ts'
import type { Workspace } from '../layer.ts'
import type { Blob, BlobDType } from './blob.ts'

/** Copies a blob out of the engine's memory. */
export function blobToTensor(blob: Blob): Tensor {
  return { data: blob.data.slice() as TypedArray, shape: [...blob.shape], dtype: blob.dtype }
}

/**
 * Copies a tensor into the engine's memory. Floats become the engine's float; integers keep 32 or 8 bits, as ncnn's index
 * and quantised blobs have.
 */
export function tensorToBlob(tensor: Tensor, workspace: Workspace): Blob {
  const blob = workspace.alloc(tensor.shape, blobDType(tensor.dtype, workspace.float))
  const { data } = tensor
  const target = blob.data
  switch (tensor.dtype) {
    case 'float16':
      float16ToFloat32Array(data as Uint16Array, target as Float32Array)
      break
    case 'bfloat16':
      bfloat16ToFloat32Array(data as Uint16Array, target as Float32Array)
      break
    case 'int64':
    case 'uint64':
    case 'uint32':
      copyChecked(data, target as Int32Array, tensor.dtype)
      break
    default:
      target.set(data as Float32Array)
  }
  return blob
}

function blobDType(dtype: DType, float: 'float32' | 'float64'): BlobDType {
  switch (dtype) {
    case 'float32':
    case 'float64':
    case 'float16':
    case 'bfloat16':
      return float
    case 'int8':
      return 'int8'
    default:
      return 'int32'
  }
}

function copyChecked(data: TypedArray, target: Int32Array, dtype: DType): void {
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i])
    if (value !== (value | 0))
      throw new NcnnError(`a ${dtype} value, ${data[i]}, does not fit the 32 bits that ncnn has for integers`, {
        code: 'wrong-input',
      })
    target[i] = value
  }
}
