// Tensors into and out of ncnn's Mat, whose channels begin at aligned addresses, with gaps between them.
import { formatShape } from '../../../../tensor/shape.ts'
import { NcnnError } from '../../error.ts'
import type { RawTensor } from '../real/session.ts'
import type { BatchFunctions } from './batches.ts'
import { isNull, type NcnnLibrary, type Pointer } from './functions.ts'

const noAllocator = 0

/**
 * Copies a tensor into a new Mat, which is the caller's to destroy.
 * @param batches undefined where the library knows of none: then the tensor has one sample
 */
export function createMat(
  { ncnn, view }: NcnnLibrary,
  { bytes, shape, bits, batch = 1 }: RawTensor,
  batches: BatchFunctions | undefined,
): Pointer {
  const elementBytes = bits / 8
  const [w, h, c, d] = [shape.at(-1) ?? 1, shape.at(-2) ?? 1, shape[0], shape[1]]
  const create = (): Pointer => {
    if (batches !== undefined && batch > 1) return batches.create(shape, elementBytes, batch)
    if (shape.length === 1) return ncnn.ncnn_mat_create_1d_elem(w, elementBytes, 1, noAllocator)
    if (shape.length === 2) return ncnn.ncnn_mat_create_2d_elem(w, h, elementBytes, 1, noAllocator)
    if (shape.length === 3) return ncnn.ncnn_mat_create_3d_elem(w, h, c, elementBytes, 1, noAllocator)
    return ncnn.ncnn_mat_create_4d_elem(w, h, d, c, elementBytes, 1, noAllocator)
  }
  const mat = create()
  if (isNull(mat) || isNull(ncnn.ncnn_mat_get_data(mat)))
    throw new NcnnError(`ncnn cannot allocate an input of shape ${formatShape(shape)}`, { code: 'out-of-memory' })
  const channels = shape.length > 2 ? c : 1
  const channelBytes = bytes.length / batch / channels
  const step = shape.length > 2 ? ncnn.ncnn_mat_get_cstep(mat) * elementBytes : channelBytes
  for (let sample = 0; sample < batch; sample++) {
    const data = batch > 1 && batches ? batches.data(mat, sample) : ncnn.ncnn_mat_get_data(mat)
    const target = view(data, step * (channels - 1) + channelBytes)
    for (let q = 0; q < channels; q++) {
      const from = (sample * channels + q) * channelBytes
      target.set(bytes.subarray(from, from + channelBytes), q * step)
    }
  }
  return mat
}

/** Copies a Mat's elements, without the gaps. A Mat without elements has shape `[0]`. */
export function readMat(library: NcnnLibrary, mat: Pointer, batches: BatchFunctions | undefined): RawTensor {
  const { ncnn, view } = library
  const dims = ncnn.ncnn_mat_get_dims(mat)
  if (dims === 0 || isNull(ncnn.ncnn_mat_get_data(mat))) return { bytes: new Uint8Array(0), shape: [0], bits: 32 }
  const [w, h] = [ncnn.ncnn_mat_get_w(mat), ncnn.ncnn_mat_get_h(mat)]
  const [d, c] = [ncnn.ncnn_mat_get_d(mat), ncnn.ncnn_mat_get_c(mat)]
  const elementBytes = ncnn.ncnn_mat_get_elemsize(mat)
  if (elementBytes !== 1 && elementBytes !== 2 && elementBytes !== 4) {
    throw new NcnnError(`ncnn gave a blob whose elements have ${elementBytes} bytes; expected 1, 2 or 4`, {
      code: 'runtime-failed',
    })
  }
  const shape = [[w], [h, w], [c, h, w], [c, d, h, w]][dims - 1]
  const channels = dims > 2 ? c : 1
  const channelBytes = w * h * d * elementBytes
  const step = dims > 2 ? ncnn.ncnn_mat_get_cstep(mat) * elementBytes : channelBytes
  const batch = batches?.count(mat) ?? 1
  const bytes = new Uint8Array(batch * channels * channelBytes)
  for (let sample = 0; sample < batch; sample++) {
    const data = batch > 1 && batches ? batches.data(mat, sample) : ncnn.ncnn_mat_get_data(mat)
    const source = view(data, step * (channels - 1) + channelBytes)
    for (let q = 0; q < channels; q++) {
      bytes.set(source.subarray(q * step, q * step + channelBytes), (sample * channels + q) * channelBytes)
    }
  }
  return { bytes, shape, bits: (8 * elementBytes) as RawTensor['bits'], batch }
}
