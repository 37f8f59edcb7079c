// Pooling of planes, one for each channel: adaptive or with sliding windows, by the kernels where they can.
import { BinaryOp, PoolType } from '../../../../../kernels/ncnn.ts'
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { roundToFloat16 } from '../precision/sums.ts'
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
  type Triple,
  type Windows,
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

/** @param halfPack averages are taken in float16, of channels in blocks of as many */
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
  const counted = countPadding || method === 'max'
  const windows = [
    adaptiveWindows(1, 1),
    slidingWindows(h, alongH, borderH, padMode, counted),
    slidingWindows(w, alongW, borderW, padMode, counted),
  ] as const
  if (x.dtype !== 'float32' || divideByAll === undefined || cut) {
    poolWindows(method, x, y, [1, h, w], windows)
    return y
  }
  if (halfPack !== undefined && method === 'average') {
    const image = { input: x.ptr, channels, h, w, padTop: borderH[0], padLeft: borderW[0] }
    averageHalves(image, alongH, alongW, windows, halfPack, y, workspace)
    return y
  }
  workspace.kernels.pool({
    type: PoolType[method],
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

interface PaddedImage {
  readonly input: number
  readonly channels: number
  readonly h: number
  readonly w: number
  readonly padTop: number
  readonly padLeft: number
}

/**
 * Averages in the order of ncnn's ARM code: sums of one chain, in float16, as those of a depthwise convolution whose filters are 1; blocks
 * of channels take them times 1 / the number of elements in float16, single channels divide.
 */
function averageHalves(
  image: PaddedImage,
  { kernel: kernelH, stride: strideH }: Sliding,
  { kernel: kernelW, stride: strideW }: Sliding,
  [, alongH, alongW]: Triple<Windows>,
  pack: number,
  y: Blob,
  { kernels, scratch }: Workspace,
): void {
  const ones = scratch([image.channels, kernelH * kernelW])
  ones.data.fill(1)
  const size = {
    outH: alongH.count,
    outW: alongW.count,
    kernelH,
    kernelW,
    strideH,
    strideW,
    dilationH: 1,
    dilationW: 1,
  }
  kernels.halfDepthwise({
    ...image,
    ...size,
    weights: ones.ptr,
    output: y.ptr,
    padValue: 0,
    scratch: scratch([kernels.halfDepthwiseScratchBytes(size)], 'uint8').ptr,
  })
  const places = alongH.count * alongW.count
  const factors = scratch([places])
  factors.data.set(
    Array.from({ length: places }, (_, at) => {
      const area = alongH.counted[Math.floor(at / alongW.count)] * alongW.counted[at % alongW.count]
      return pack === 1 ? area : roundToFloat16(1 / area)
    }),
  )
  kernels.binary({
    op: pack === 1 ? BinaryOp.div : BinaryOp.mul,
    a: y.ptr,
    a0: 0,
    a1: 0,
    a2: places,
    a3: 1,
    b: factors.ptr,
    b0: 0,
    b1: 0,
    b2: 0,
    b3: 1,
    output: y.ptr,
    n0: 1,
    n1: 1,
    n2: image.channels,
    n3: places,
  })
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
