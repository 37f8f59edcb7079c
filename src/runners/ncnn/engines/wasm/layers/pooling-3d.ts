// Pooling3D: the maximum or the average over windows of depth, height and width.
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import {
  adaptiveWindows,
  asInput,
  borders,
  checkPads,
  checkPooling,
  poolMethod,
  poolWindows,
  slidingCount,
  slidingWindows,
} from '../operations/pool-windows.ts'
import { namedLengths, refuseEmpty } from '../shapes/axes.ts'

/** As Pooling, over windows of d, h and w. */
export const Pooling3D = defineLayer({
  type: 'Pooling3D',
  binaryId: 86,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: {
    pooling_type: int(0),
    kernel_w: int(1),
    kernel_h: int(11, 'kernel_w'),
    kernel_d: int(21, 'kernel_w'),
    stride_w: int(2, 1),
    stride_h: int(12, 'stride_w'),
    stride_d: int(22, 'stride_w'),
    pad_left: int(3),
    pad_right: int(14, 'pad_left'),
    pad_top: int(13, 'pad_left'),
    pad_bottom: int(15, 'pad_top'),
    pad_front: int(23, 'pad_left'),
    pad_behind: int(16, 'pad_front'),
    global_pooling: int(4),
    pad_mode: int(5),
    avgpool_count_include_pad: int(6),
    adaptive_pooling: int(7),
    out_w: int(8),
    out_h: int(18, 'out_w'),
    out_d: int(28, 'out_w'),
  },
  check: checkPooling,
  forward([x], { params }, workspace) {
    const { c, d, h, w } = namedLengths(x.shape)
    const lengths = [d, h, w] as const
    refuseEmpty(x.shape)
    const method = poolMethod(params.pooling_type)
    if (params.global_pooling) {
      const whole = [adaptiveWindows(d, 1), adaptiveWindows(h, 1), adaptiveWindows(w, 1)] as const
      const y = workspace.alloc([c])
      poolWindows(method, x, y, lengths, whole)
      return y
    }
    if (params.adaptive_pooling) {
      const outD = params.out_d === asInput ? d : params.out_d
      const outH = params.out_h === asInput ? h : params.out_h
      const outW = params.out_w === asInput ? w : params.out_w
      if (outD === d && outH === h && outW === w) return x.share()
      const y = workspace.alloc([c, outD, outH, outW])
      poolWindows(method, x, y, lengths, [adaptiveWindows(d, outD), adaptiveWindows(h, outH), adaptiveWindows(w, outW)])
      return y
    }
    const alongD = {
      kernel: params.kernel_d,
      stride: params.stride_d,
      padBefore: params.pad_front,
      padAfter: params.pad_behind,
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
    const { pad_mode } = params
    const along = [alongD, alongH, alongW] as const
    for (const sliding of along) checkPads(sliding)
    const border = borders(lengths, along, pad_mode)
    if (x.shape.length < 4 && border.some((pads) => pads.some((pad) => pad > 0))) {
      throw new NcnnError(
        `padding needs an input of 4 axes, found ${formatShape(x.shape)}; ncnn leaves the depth without`,
      )
    }
    const y = workspace.alloc([c, ...along.map((sliding, axis) => slidingCount(lengths[axis], sliding, border[axis]))])
    const counted = params.avgpool_count_include_pad !== 0 || method === 'max'
    poolWindows(method, x, y, lengths, [
      slidingWindows(d, alongD, border[0], pad_mode, counted),
      slidingWindows(h, alongH, border[1], pad_mode, counted),
      slidingWindows(w, alongW, border[2], pad_mode, counted),
    ])
    return y
  },
})
