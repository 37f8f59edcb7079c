// Tensors into and out of ncnn's Mat, whose channels begin at aligned addresses, with gaps between them.
import { formatShape } from '../../../../tensor/shape.ts'
import { NcnnError } from '../../error.ts'
import type { RawTensor } from '../real/session.ts'
import { isNull, type NcnnLibrary, type Pointer } from './functions.ts'

const noAllocator = 0

/** Copies a tensor into a new Mat, which is the caller's to destroy. */
export function createMat({ ncnn, view }: NcnnLibrary, { bytes, shape, bits }: RawTensor): Pointer {
  const elementBytes = bits / 8
  const [w, h, c, d] = [shape.at(-1) ?? 1, shape.at(-2) ?? 1, shape[0], shape[1]]
  const mat =
    shape.length === 1
      ? ncnn.ncnn_mat_create_1d_elem(w, elementBytes, 1, noAllocator)
      : shape.length === 2
        ? ncnn.ncnn_mat_create_2d_elem(w, h, elementBytes, 1, noAllocator)
        : shape.length === 3
          ? ncnn.ncnn_mat_create_3d_elem(w, h, c, elementBytes, 1, noAllocator)
          : ncnn.ncnn_mat_create_4d_elem(w, h, d, c, elementBytes, 1, noAllocator)
  const data = isNull(mat) ? 0 : ncnn.ncnn_mat_get_data(mat)
  if (isNull(data))
    throw new NcnnError(`ncnn cannot allocate an input of shape ${formatShape(shape)}`, { code: 'out-of-memory' })
  const channels = shape.length > 2 ? c : 1
  const channelBytes = bytes.length / channels
  const step = shape.length > 2 ? ncnn.ncnn_mat_get_cstep(mat) * elementBytes : channelBytes
  const target = view(data, step * (channels - 1) + channelBytes)
  for (let q = 0; q < channels; q++) target.set(bytes.subarray(q * channelBytes, (q + 1) * channelBytes), q * step)
  return mat
}

/** Copies a Mat's elements, without the gaps. A Mat without elements has shape `[0]`. */
export function readMat(library: NcnnLibrary, mat: Pointer): RawTensor {
  const { ncnn, view } = library
  const dims = ncnn.ncnn_mat_get_dims(mat)
  const data = ncnn.ncnn_mat_get_data(mat)
  if (dims === 0 || isNull(data)) return { bytes: new Uint8Array(0), shape: [0], bits: 32 }
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
  const bytes = new Uint8Array(channels * channelBytes)
  const source = view(data, step * (channels - 1) + channelBytes)
  for (let q = 0; q < channels; q++) bytes.set(source.subarray(q * step, q * step + channelBytes), q * channelBytes)
  return { bytes, shape, bits: (8 * elementBytes) as RawTensor['bits'] }
}
