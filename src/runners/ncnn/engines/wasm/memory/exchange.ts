// Tensors in, tensors out: copies between the user's tensors and the engine's blobs.
import { type DType, isFloatDType, type TypedArray } from '../../../../../tensor/dtype.ts'
import { bfloat16ToFloat32Array, float16ToFloat32Array } from '../../../../../tensor/half.ts'
import type { Tensor } from '../../../../../tensor/tensor.ts'
import { NcnnError } from '../../../error.ts'
import type { ElementType, Workspace } from '../layer.ts'
import type { Blob, BlobArray, BlobDType } from './blob.ts'

/** Copies a blob out of the engine's memory. */
export function blobToTensor(blob: Blob): Tensor {
  return { data: blob.data.slice() as TypedArray, shape: [...blob.shape], dtype: blob.dtype }
}

/**
 * Copies a tensor into the engine's memory.
 * @param type what its reader takes it for: floats of any size become the engine's float, integers have 32 or 8 bits; by default what it is
 */
export function tensorToBlob(tensor: Tensor, workspace: Workspace, type = elementTypeOf(tensor.dtype)): Blob {
  const blob = workspace.alloc(tensor.shape, type === 'int8' || type === 'int32' ? type : workspace.float)
  const { data } = tensor
  const target = blob.data
  switch (tensor.dtype) {
    case 'float16':
      float16ToFloat32Array(data as Uint16Array, target as Float32Array)
      break
    case 'bfloat16':
      bfloat16ToFloat32Array(data as Uint16Array, target as Float32Array)
      break
    default:
      copyNumbers(data, target, blob.dtype)
  }
  return blob
}

function elementTypeOf(dtype: DType): ElementType {
  if (isFloatDType(dtype)) return 'float32'
  return dtype === 'int8' ? 'int8' : 'int32'
}

function copyNumbers(data: TypedArray, target: BlobArray, dtype: BlobDType): void {
  if (dtype === 'float32' || dtype === 'float64' || data.constructor === target.constructor) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) target.set(Array.from(data, Number))
    else target.set(data)
    return
  }
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i])
    target[i] = value
    if (target[i] === value) continue
    throw new NcnnError(`${data[i]} (element ${i}) does not fit the ${dtype} that ncnn reads there`, {
      code: 'wrong-input',
    })
  }
}
