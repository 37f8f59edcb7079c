// Pooling and Pooling1D: the maximum or the average over windows.
import { PoolType } from '../../../../../kernels/ncnn.ts'
import { int } from '../../../params.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import {
  adaptiveWindows,
  borders,
  checkAdaptive,
  checkSliding,
  PadMode,
  type PoolMethod,
  poolMethod,
  poolWindows,
  type Sliding,
  slidingCount,
  slidingWindows,
} from '../operations/pool-windows.ts'
import { checkRank, namedLengths } from '../shapes/axes.ts'

/** An output length that is the input's. */
const asInput = -233

/** y = the maximum or average over windows of h and w: sliding, adaptive (out_h x out_w of them), or one that covers everything */
export const Pooling = defineLayer({
  type: 'Pooling',
  inputs: '1',
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
  forward([x], { params }, workspace) {
    checkRank(x.shape, 1, 2, 3)
    const { c, h, w } = namedLengths(x.shape)
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
    return poolSliding(input, alongH, alongW, params.pad_mode, countPadding, workspace)
  },
})

/** As Pooling, over windows of w for each row of a matrix. */
export const Pooling1D = defineLayer({
  type: 'Pooling1D',
  inputs: '1',
  params: {
    pooling_type: int(0),
    kernel_w: int(1),
    stride_w: int(2, 1),
    pad_left: int(3),
    pad_right: int(14, 'pad_left'),
    global_pooling: int(4),
    pad_mode: int(5),
    avgpool_count_include_pad: int(6),
    adaptive_pooling: int(7),
    out_w: int(8),
  },
  forward([x], { params }, workspace) {
    checkRank(x.shape, 1, 2)
    const { h: rows, w } = namedLengths(x.shape)
    const input: Planes = { x, channels: rows, h: 1, w, method: poolMethod(params.pooling_type) }
    if (params.global_pooling) return poolAdaptively(input, 1, 1, [rows], workspace)
    if (params.adaptive_pooling) return poolAdaptively(input, 1, params.out_w, [rows, params.out_w], workspace)
    const alongW = {
      kernel: params.kernel_w,
      stride: params.stride_w,
      padBefore: params.pad_left,
      padAfter: params.pad_right,
    }
    const countPadding = params.avgpool_count_include_pad !== 0
    const y = poolSliding(input, singleRow, alongW, params.pad_mode, countPadding, workspace)
    const rowsOfY = y.share([rows, y.length / rows])
    y.release()
    return rowsOfY
  },
})

const singleRow: Sliding = { kernel: 1, stride: 1, padBefore: 0, padAfter: 0 }

/** What is pooled: planes of h x w, one for each channel. */
interface Planes {
  readonly x: Blob
  readonly channels: number
  readonly h: number
  readonly w: number
  readonly method: PoolMethod
}

function poolAdaptively(
  { x, channels, h, w, method }: Planes,
  outH: number,
  outW: number,
  shape: readonly number[],
  workspace: Workspace,
): Blob {
  checkAdaptive(outH)
  checkAdaptive(outW)
  const y = workspace.alloc(shape)
  if (x.dtype === 'float32') {
    workspace.kernels.adaptivePool(PoolType[method], x.ptr, channels, h, w, y.ptr, outH, outW)
  } else {
    const windows = [adaptiveWindows(1, 1), adaptiveWindows(h, outH), adaptiveWindows(w, outW)] as const
    poolWindows(method, x, y, [1, h, w], windows)
  }
  return y
}

function poolSliding(
  { x, channels, h, w, method }: Planes,
  alongH: Sliding,
  alongW: Sliding,
  padMode: number,
  countPadding: boolean,
  workspace: Workspace,
): Blob {
  checkSliding(alongH)
  checkSliding(alongW)
  const [borderH, borderW] = borders([h, w], [alongH, alongW], padMode)
  const [outH, outW] = [slidingCount(h, alongH, borderH), slidingCount(w, alongW, borderW)]
  const y = workspace.alloc([channels, outH, outW])
  const divideByAll = divisorRule(method, alongH, alongW, padMode, countPadding)
  const cut = borderH[0] < 0 || borderW[0] < 0
  if (x.dtype !== 'float32' || divideByAll === undefined || cut) {
    const counted = countPadding || method === 'max'
    poolWindows(
      method,
      x,
      y,
      [1, h, w],
      [
        adaptiveWindows(1, 1),
        slidingWindows(h, alongH, borderH, padMode, counted),
        slidingWindows(w, alongW, borderW, padMode, counted),
      ],
    )
    return y
  }
  workspace.kernels.pool(
    PoolType[method],
    x.ptr,
    channels,
    h,
    w,
    y.ptr,
    outH,
    outW,
    alongH.kernel,
    alongW.kernel,
    alongH.stride,
    alongW.stride,
    borderH[0],
    borderW[0],
    divideByAll ? 1 : 0,
  )
  return y
}

/** Whether an average divides by the whole window or by its part inside the input; undefined when ncnn does neither. */
function divisorRule(
  method: PoolMethod,
  alongH: Sliding,
  alongW: Sliding,
  padMode: number,
  countPadding: boolean,
): boolean | undefined {
  if (method === 'max' || countPadding || padMode === PadMode.full || padMode === PadMode.valid) return countPadding
  const declared = [alongH, alongW].some(({ padBefore, padAfter }) => padBefore !== 0 || padAfter !== 0)
  return declared ? undefined : true
}
