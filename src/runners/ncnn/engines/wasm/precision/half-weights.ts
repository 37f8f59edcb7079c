// Weights that the .bin stores as float16: decoded where a layer does not pack them as they are.
import type { NcnnKernels } from '../../../../../kernels/ncnn.ts'
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'

/** A weight as float32: the same blob, or a decoded one in its place. */
export function asFloat32(weight: Blob, { alloc, kernels }: Pick<Workspace, 'alloc' | 'kernels'>): Blob {
  return weight.dtype === 'float16' ? decodeHalf(weight, alloc(weight.shape, 'float32'), kernels) : weight
}

/** Decodes float16 bits into `floats`, exactly, and releases them. */
export function decodeHalf(bits: Blob, floats: Blob, kernels: NcnnKernels): Blob {
  kernels.halfToFloat({ source: bits.ptr, destination: floats.ptr, n: bits.length })
  bits.release()
  return floats
}
