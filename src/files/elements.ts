// Between the bytes of a file and the typed array of a tensor: alignment, byte order, booleans, declared sizes.
import { isLittleEndian } from '../host/endianness.ts'
import { arrayOf, bytesPerElement, type DType, type TypedArray } from '../tensor/dtype.ts'
import { mostAxes } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { TensorFileError } from './error.ts'

/** Reverses the bytes of every element, in place. */
function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) {
    for (let low = at, high = at + width - 1; low < high; low++, high--) {
      const byte = bytes[low]
      bytes[low] = bytes[high]
      bytes[high] = byte
    }
  }
}

/**
 * The typed array over `bytes`, which become the tensor's own memory: elements are swapped to the machine's byte order in place,
 * and the bytes are copied only where they do not start at a multiple of the element size.
 * Any non-zero byte of a bool is true, as numpy reads it.
 */
export function decodeElements(bytes: Uint8Array<ArrayBuffer>, dtype: DType, littleEndian: boolean): TypedArray {
  const width = bytesPerElement[dtype]
  const own = bytes.byteOffset % width === 0 ? bytes : bytes.slice()
  if (width > 1 && littleEndian !== isLittleEndian) swapBytes(own, width)
  if (dtype === 'bool') {
    for (let at = 0; at < own.length; at++) if (own[at] !== 0) own[at] = 1
  }
  return new arrayOf[dtype](own.buffer, own.byteOffset, own.length / width)
}

/** The bytes of a tensor's elements, little-endian: a view, except on a big-endian machine. */
export function encodeElements({ data, dtype }: Tensor): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (isLittleEndian) return bytes
  const swapped = bytes.slice()
  swapBytes(swapped, bytesPerElement[dtype])
  return swapped
}

/** Bytes that a tensor of this shape and dtype takes; an error when a length is not a count or the size passes 2^53. */
export function declaredBytes(shape: readonly unknown[], dtype: DType, source: string): number {
  if (shape.length > mostAxes) {
    throw new TensorFileError(source, `the shape has ${shape.length} axes; a tensor has at most ${mostAxes}`)
  }
  let elements = 1
  // Also of a tensor without elements: its strides are numbers, too.
  let stride: number = bytesPerElement[dtype]
  for (const length of shape) {
    if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) {
      throw new TensorFileError(
        source,
        `every length in shape must be an integer of 0 or more, found [${shape.join(', ')}]`,
      )
    }
    elements *= length
    stride *= Math.max(length, 1)
  }
  const bytes = elements * bytesPerElement[dtype]
  if (!Number.isSafeInteger(stride)) {
    throw new TensorFileError(source, `shape [${shape.join(', ')}] of ${dtype} is larger than any file`)
  }
  return bytes
}
