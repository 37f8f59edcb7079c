// Tensors as the real ncnn gets them and gives them back: bytes, a shape, and the size of an element.
import { allocate, bytesPerElement, type DType, isFloatDType, type TypedArray } from '../../../../tensor/dtype.ts'
import {
  bfloat16ToFloat32Array,
  float16ToFloat32Array,
  float32ToBfloat16Array,
  float32ToFloat16Array,
} from '../../../../tensor/half.ts'
import type { Tensor } from '../../../../tensor/tensor.ts'
import { NcnnError } from '../../error.ts'
import type { ElementType } from '../wasm/layer.ts'
import type { RawTensor } from './session.ts'

/** A tensor's elements as ncnn is to get them; with `hasBatch` its leading axis is ncnn's batch. */
export function toRaw(tensor: Tensor, type: ElementType, hasBatch: boolean): RawTensor {
  const converted = convert(tensor, type)
  const bytes = new Uint8Array(converted.buffer, converted.byteOffset, converted.byteLength)
  const [batch, shape] = hasBatch ? [tensor.shape[0], tensor.shape.slice(1)] : [1, tensor.shape]
  return { bytes, shape, bits: (8 * bytesPerElement[type]) as 8 | 16 | 32, batch }
}

function convert({ data, dtype }: Tensor, type: ElementType): TypedArray {
  if (dtype === type) return data
  if (type === 'int32' || type === 'int8') return toIntegers(data, dtype, type)
  const floats = toFloat32(data, dtype)
  if (type === 'float32') return floats
  const half = new Uint16Array(floats.length)
  if (type === 'float16') float32ToFloat16Array(floats, half)
  else float32ToBfloat16Array(floats, half)
  return half
}

function toFloat32(data: TypedArray, dtype: DType): Float32Array {
  if (dtype === 'float32') return data as Float32Array
  const floats = new Float32Array(data.length)
  if (dtype === 'float16') float16ToFloat32Array(data as Uint16Array, floats)
  else if (dtype === 'bfloat16') bfloat16ToFloat32Array(data as Uint16Array, floats)
  else for (let i = 0; i < data.length; i++) floats[i] = Number(data[i])
  return floats
}

function toIntegers(data: TypedArray, dtype: DType, type: 'int32' | 'int8'): TypedArray {
  const source = isFloatDType(dtype) ? toFloat32(data, dtype) : data
  const integers = allocate(type, source.length)
  for (let i = 0; i < source.length; i++) {
    const value = Number(source[i])
    integers[i] = value
    if (integers[i] !== value)
      throw new NcnnError(`ncnn reads this input as ${type}, which cannot hold ${value} (element ${i})`, {
        code: 'wrong-input',
      })
  }
  return integers
}

/**
 * A blob of ncnn's as a tensor. `type` is what the graph says about it; the size of its elements has the last word.
 * @param halves what floats of 16 bits are: caches of attention come out as they are stored
 */
export function fromRaw(
  { bytes, shape: sample, bits, batch = 1 }: RawTensor,
  type: ElementType,
  hasBatch: boolean,
  halves: 'float16' | 'bfloat16',
): Tensor {
  const shape = hasBatch || batch > 1 ? [batch, ...sample] : sample
  const length = (8 * bytes.length) / bits
  if (bits === 8) return { data: new Int8Array(bytes.buffer, bytes.byteOffset, length), shape, dtype: 'int8' }
  if (bits === 16) {
    const dtype = type === 'bfloat16' || type === 'float16' ? type : halves
    return { data: new Uint16Array(bytes.buffer, bytes.byteOffset, length), shape, dtype }
  }
  if (type === 'int32') return { data: new Int32Array(bytes.buffer, bytes.byteOffset, length), shape, dtype: 'int32' }
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, length)
  // ncnn's C API widens int8 blobs on the way out.
  if (type === 'int8') {
    const integers = Int8Array.from(floats)
    if (integers.every((value, i) => value === floats[i])) return { data: integers, shape, dtype: 'int8' }
  }
  return { data: floats, shape, dtype: 'float32' }
}
