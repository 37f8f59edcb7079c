// ShuffleChannel, PixelShuffle, Reorg: elements exchanged among channels, and between channels and pixels.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { copyStrided, type StridedView, viewOf } from '../operations/strided-copy.ts'
import { checkRank } from '../shapes/axes.ts'

/** y[j * group + i] = x[i * channels / group + j]: the channels as a matrix of `group` rows, transposed */
export const ShuffleChannel = defineLayer({
  type: 'ShuffleChannel',
  inputs: '1',
  params: { group: int(0, 1), reverse: int(1) },
  forward([x], { params: { group, reverse } }, workspace) {
    const channels = x.shape.length >= 3 ? x.shape[0] : 1
    if (group < 1 || channels % group !== 0) {
      throw new NcnnError(`${channels} channels cannot be divided into ${group} groups`)
    }
    const rows = reverse ? channels / group : group
    const columns = channels / rows
    const size = x.length / channels
    const y = workspace.alloc(x.shape, x.dtype)
    const source = { data: x.data, offset: 0, strides: [columns * size, size, 1] }
    const target = { data: y.data, offset: 0, strides: [size, rows * size, 1] }
    copyStrided([rows, columns, size], source, target, workspace.kernels)
    return y
  },
})

/** Each factor x factor block of pixels of y comes from as many channels of x: neighbours, or with `mode` 1 `outc` channels apart. */
export const PixelShuffle = defineLayer({
  type: 'PixelShuffle',
  inputs: '1',
  params: { upscale_factor: int(0, 1), mode: int(1) },
  forward([x], { params: { upscale_factor: factor, mode } }, workspace) {
    checkRank(x.shape, 3)
    if (factor < 1) throw new NcnnError(`upscale_factor must be positive, found ${factor}`)
    const [channels, h, w] = x.shape
    const blockSize = factor * factor
    const outc = Math.floor(channels / blockSize)
    if (outc === 0) throw new NcnnError(`an upscale_factor of ${factor} needs ${blockSize} channels, found ${channels}`)
    const y = workspace.alloc([outc, h * factor, w * factor], x.dtype)
    const blocks = [outc, factor, factor, h, w]
    copyStrided(blocks, channelsOfBlocks(x, blocks, mode), pixelsOfBlocks(y, factor), workspace.kernels)
    return y
  },
})

/** The inverse of PixelShuffle: the pixels of each stride x stride block of x become channels of y; incomplete blocks are left out. */
export const Reorg = defineLayer({
  type: 'Reorg',
  inputs: '1',
  params: { stride: int(0, 1), mode: int(1) },
  forward([x], { params: { stride, mode } }, workspace) {
    checkRank(x.shape, 3)
    if (stride < 1) throw new NcnnError(`stride must be positive, found ${stride}`)
    const [channels, inputH, inputW] = x.shape
    const [h, w] = [Math.floor(inputH / stride), Math.floor(inputW / stride)]
    if (h === 0 || w === 0) throw new NcnnError(`a stride of ${stride} is larger than the input`)
    const y = workspace.alloc([channels * stride * stride, h, w], x.dtype)
    const blocks = [channels, stride, stride, h, w]
    copyStrided(blocks, pixelsOfBlocks(x, stride), channelsOfBlocks(y, blocks, mode), workspace.kernels)
    return y
  },
})

/** A blob of large images, indexed [channel, row in block, column in block, block row, block column]. */
function pixelsOfBlocks(image: Blob, blockSize: number): StridedView {
  const [channel, row] = viewOf(image).strides
  return { data: image.data, offset: 0, strides: [channel, row, 1, row * blockSize, blockSize] }
}

/** A blob that has one channel for each pixel of a block, indexed likewise. */
function channelsOfBlocks(blob: Blob, [channels, blockH, blockW, h, w]: readonly number[], mode: number): StridedView {
  const size = h * w
  const inner = mode === 0 ? [blockH * blockW, blockW, 1] : [1, blockW * channels, channels]
  return { data: blob.data, offset: 0, strides: [...inner.map((stride) => stride * size), w, 1] }
}
