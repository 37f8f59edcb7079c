// Pooling: the maximum or the average over windows of an image.
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { type Planes, poolAdaptively, poolSliding } from '../operations/pool-planes.ts'
import { asInput, checkPooling, poolMethod } from '../operations/pool-windows.ts'
import { packOf } from '../precision/arm-layout.ts'
import { asRank, namedLengths } from '../shapes/axes.ts'

/** y = the maximum or average over windows of h and w: sliding, adaptive (out_h x out_w of them), or one that covers everything */
export const Pooling = defineLayer({
  type: 'Pooling',
  binaryId: 21,
  inputs: '1',
  elements: 'float32',
  stores16: ({ adaptive_pooling }) => adaptive_pooling === 0,
  params: {
    pooling_type: int(0),
    kernel_w: int(1),
    kernel_h: int(11, 'kernel_w'),
    stride_w: int(2, 1),
    stride_h: int(12, 'stride_w'),
    pad_left: int(3),
    pad_right: int(14, 'pad_left'),
    pad_top: int(13, 'pad_left'),
    pad_bottom: int(15, 'pad_top'),
    global_pooling: int(4),
    pad_mode: int(5),
    avgpool_count_include_pad: int(6),
    adaptive_pooling: int(7),
    out_w: int(8),
    out_h: int(18, 'out_w'),
  },
  check: checkPooling,
  forward([x], { params, sumsInHalf, layout }, workspace) {
    const { c, h, w } = namedLengths(asRank(x.shape, 3))
    const input: Planes = { x, channels: c, h, w, method: poolMethod(params.pooling_type) }
    if (params.global_pooling) return poolAdaptively(input, 1, 1, [c], workspace)
    if (params.adaptive_pooling) {
      const outH = params.out_h === asInput ? h : params.out_h
      const outW = params.out_w === asInput ? w : params.out_w
      return outH === h && outW === w ? x.share() : poolAdaptively(input, outH, outW, [c, outH, outW], workspace)
    }
    const alongH = {
      kernel: params.kernel_h,
      stride: params.stride_h,
      padBefore: params.pad_top,
      padAfter: params.pad_bottom,
    }
    const alongW = {
      kernel: params.kernel_w,
      stride: params.stride_w,
      padBefore: params.pad_left,
      padAfter: params.pad_right,
    }
    const countPadding = params.avgpool_count_include_pad !== 0
    const halfPack = sumsInHalf ? packOf(c, layout) : undefined
    return poolSliding(input, alongH, alongW, params.pad_mode, countPadding, workspace, halfPack)
  },
})
