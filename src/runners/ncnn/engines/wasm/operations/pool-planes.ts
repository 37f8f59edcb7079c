// Pooling of planes, one for each channel: adaptive or with sliding windows, by the kernels where they can.
import { PoolType } from '../../../../../kernels/ncnn.ts'
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { refuseEmpty } from '../shapes/axes.ts'
import {
  adaptiveWindows,
  borders,
  checkAdaptive,
  checkPads,
  PadMode,
  type PoolMethod,
  poolWindows,
  type Sliding,
  slidingCount,
  slidingWindows,
} from './pool-windows.ts'

/** What is pooled: planes of h x w, one for each channel. */
export interface Planes {
  readonly x: Blob
  readonly channels: number
  readonly h: number
  readonly w: number
  readonly method: PoolMethod
}

export function poolAdaptively(
  { x, channels, h, w, method }: Planes,
  outH: number,
  outW: number,
  shape: readonly number[],
  workspace: Workspace,
): Blob {
  refuseEmpty(x.shape)
  checkAdaptive(outH)
  checkAdaptive(outW)
  const y = workspace.alloc(shape)
  if (x.dtype === 'float32') {
    workspace.kernels.adaptivePool({ type: PoolType[method], input: x.ptr, channels, h, w, output: y.ptr, outH, outW })
  } else {
    const windows = [adaptiveWindows(1, 1), adaptiveWindows(h, outH), adaptiveWindows(w, outW)] as const
    poolWindows(method, x, y, [1, h, w], windows)
  }
  return y
}

/**
 * @param halfPack averages are taken in float16, of channels in blocks of as many: as in ncnn's ARM code, blocks multiply the sums by 1 / area, single
 *   channels divide them
 */
export function poolSliding(
  { x, channels, h, w, method }: Planes,
  alongH: Sliding,
  alongW: Sliding,
  padMode: number,
  countPadding: boolean,
  workspace: Workspace,
  halfPack?: number,
): Blob {
  refuseEmpty(x.shape)
  checkPads(alongH)
  checkPads(alongW)
  const [borderH, borderW] = borders([h, w], [alongH, alongW], padMode)
  const [outH, outW] = [slidingCount(h, alongH, borderH), slidingCount(w, alongW, borderW)]
  const y = workspace.alloc([channels, outH, outW])
  const divideByAll = divisorRule(method, alongH, alongW, padMode, countPadding)
  const cut = borderH[0] < 0 || borderW[0] < 0
  if (x.dtype !== 'float32' || divideByAll === undefined || cut) {
    const counted = countPadding || method === 'max'
    const windows = [
      adaptiveWindows(1, 1),
      slidingWindows(h, alongH, borderH, padMode, counted),
      slidingWindows(w, alongW, borderW, padMode, counted),
    ] as const
    poolWindows(method, x, y, [1, h, w], windows)
    return y
  }
  const averageOfHalves = halfPack === 1 ? PoolType.halfQuotient : PoolType.halfProduct
  workspace.kernels.pool({
    type: halfPack === undefined || method === 'max' ? PoolType[method] : averageOfHalves,
    input: x.ptr,
    channels,
    h,
    w,
    output: y.ptr,
    outH,
    outW,
    kernelH: alongH.kernel,
    kernelW: alongW.kernel,
    strideH: alongH.stride,
    strideW: alongW.stride,
    padTop: borderH[0],
    padLeft: borderW[0],
    countIncludePad: divideByAll ? 1 : 0,
  })
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
