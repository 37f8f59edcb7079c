// Reorg: pixels become channels.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { channelsOfBlocks, pixelsOfBlocks } from '../operations/pixel-blocks.ts'
import { copyStrided } from '../operations/strided-copy.ts'
import { atLeast, within } from '../param-checks.ts'
import { asRank, namedLengths } from '../shapes/axes.ts'

/** The inverse of PixelShuffle: the pixels of each stride x stride block of x become channels of y; incomplete blocks are left out. */
export const Reorg = defineLayer({
  type: 'Reorg',
  binaryId: 55,
  inputs: '1',
  elements: 'moved',
  stores16: false,
  params: { stride: int(0, 1), mode: int(1) },
  check({ stride, mode }) {
    atLeast(1, { stride })
    within(0, 1, { mode })
  },
  forward([x], { params: { stride, mode } }, workspace) {
    const { c: channels, h: inputH, w: inputW } = namedLengths(asRank(x.shape, 3))
    const [h, w] = [Math.floor(inputH / stride), Math.floor(inputW / stride)]
    if (h === 0 || w === 0) throw new NcnnError(`a stride of ${stride} is larger than the input`)
    const y = workspace.alloc([channels * stride * stride, h, w], x.dtype)
    const blocks = [channels, stride, stride, h, w]
    copyStrided(blocks, pixelsOfBlocks(x, inputH, inputW, stride), channelsOfBlocks(y, blocks, mode), workspace.kernels)
    return y
  },
})
