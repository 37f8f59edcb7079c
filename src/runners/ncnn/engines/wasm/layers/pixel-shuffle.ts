// PixelShuffle: channels become pixels.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { channelsOfBlocks, pixelsOfBlocks } from '../operations/pixel-blocks.ts'
import { copyStrided } from '../operations/strided-copy.ts'
import { atLeast, within } from '../param-checks.ts'
import { asRank, namedLengths } from '../shapes/axes.ts'

/** Each factor x factor block of pixels of y comes from as many channels of x: neighbours, or with `mode` 1 `outc` channels apart. */
export const PixelShuffle = defineLayer({
  type: 'PixelShuffle',
  binaryId: 69,
  inputs: '1',
  elements: 'moved',
  stores16: true,
  params: { upscale_factor: int(0, 1), mode: int(1) },
  check({ upscale_factor, mode }) {
    atLeast(1, { upscale_factor })
    within(0, 1, { mode })
  },
  forward([x], { params: { upscale_factor: factor, mode } }, workspace) {
    const { c: channels, h, w } = namedLengths(asRank(x.shape, 3))
    const blockSize = factor * factor
    const outc = Math.floor(channels / blockSize)
    if (outc === 0) throw new NcnnError(`an upscale_factor of ${factor} needs ${blockSize} channels, found ${channels}`)
    const y = workspace.alloc([outc, h * factor, w * factor], x.dtype)
    const blocks = [outc, factor, factor, h, w]
    copyStrided(
      blocks,
      channelsOfBlocks(x, blocks, mode),
      pixelsOfBlocks(y, h * factor, w * factor, factor),
      workspace.kernels,
    )
    return y
  },
})
