// Interp: resizing, by the nearest element, linearly, or with cubic convolution.
import { ResizeRounding } from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import { float, int, type ParamValues, string } from '../../../params.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { cubicTaps, linearTaps, nearestTaps, resample, type Taps } from '../operations/resample.ts'
import { oneToOne, within } from '../param-checks.ts'
import { packOf } from '../precision/arm-layout.ts'
import { asRank, namedLengths } from '../shapes/axes.ts'
import { evaluateSizes, refersToOthers } from '../shapes/expression.ts'

const interpParams = {
  resize_type: int(0),
  height_scale: float(1, 1),
  width_scale: float(2, 1),
  output_height: int(3),
  output_width: int(4),
  dynamic_target_size: int(5),
  align_corner: int(6),
  size_expr: string(9),
} as const

type InterpParams = ParamValues<typeof interpParams>

/** Resizes h and w (of a matrix: w only); a vector becomes one constant image per element. */
export const Interp = defineLayer({
  type: 'Interp',
  binaryId: 50,
  inputs: '1+',
  elements: 'float32',
  stores16: true,
  params: interpParams,
  check(params, layer) {
    within(0, 3, { resize_type: params.resize_type })
    if (params.dynamic_target_size !== 1 && !refersToOthers(params.size_expr)) oneToOne(layer)
  },
  forward(inputs, { params, sumsInHalf, layout }, workspace) {
    const [x] = inputs
    const shape = asRank(x.shape, 3)
    const rank = shape.length
    const { c, h, w } = namedLengths(shape)
    const [outH, outW] = targetSize(inputs, params)
    if (outW < 1 || (outH < 1 && rank !== 2)) {
      throw new NcnnError(`the output would have ${outH} rows and ${outW} columns`)
    }
    if (h < 1 || w < 1) throw new NcnnError(`an input of ${h} rows and ${w} columns cannot be resized`)
    if (rank === 1) {
      const y = workspace.alloc([x.length, outH, outW], x.dtype)
      for (let i = 0; i < x.length; i++) y.data.fill(x.data[i], i * outH * outW, (i + 1) * outH * outW)
      return y
    }
    const [height, width] = [axisOf('h', h, outH, params), axisOf('w', w, outW, params)]
    if (staysAsIs(width, params) && (rank === 2 || staysAsIs(height, params))) return x.share()

    // ncnn's ARM code leaves what is smaller than the window to its plain layer.
    const least = params.resize_type === 3 ? 4 : 2
    const inHalf = sumsInHalf && x.dtype === 'float32' && w >= least && (rank === 2 || h >= least)
    const pack = packOf(shape[0], layout)
    const rounding = inHalf ? (pack > 1 ? ResizeRounding.eachStep : ResizeRounding.eachSum) : ResizeRounding.none
    const alongW = tapsAlong(width, params, inHalf, workspace)
    if (rank === 2) {
      const y = workspace.alloc([h, outW])
      resize(x, y, 1, nearestTaps(h, h, 1, workspace), alongW, rounding, workspace)
      return y
    }
    const y = workspace.alloc([c, outH, outW])
    resize(x, y, c, tapsAlong(height, params, inHalf, workspace), alongW, rounding, workspace)
    return y
  },
})

/** y[channels, outH, outW] from x[channels, h, w]: along w first, as in ncnn. */
function resize(
  x: Blob,
  y: Blob,
  channels: number,
  alongH: Taps,
  alongW: Taps,
  rounding: number,
  workspace: Workspace,
): void {
  const { kernels, scratch } = workspace
  const { length: h, outLength: outH } = alongH
  const { length: w, outLength: outW } = alongW
  if (x.dtype === 'float32' && y.dtype === 'float32') {
    const ring = scratch([kernels.resizeScratchBytes({ outW })], 'uint8').ptr
    kernels.resize({
      input: x.ptr,
      channels,
      h,
      w,
      output: y.ptr,
      outH,
      outW,
      countH: alongH.count,
      firstH: alongH.first.ptr,
      weightH: alongH.weight.ptr,
      countW: alongW.count,
      firstW: alongW.first.ptr,
      weightW: alongW.weight.ptr,
      half: rounding,
      scratch: ring,
    })
    return
  }
  const widened = scratch([channels, h, outW])
  resample(x.data, widened.data, channels * h, 1, alongW)
  resample(widened.data, y.data, channels, outW, alongH)
}

/** Height and width of the result: an expression's, the second input's, the parameters', or the input's times the scales. */
function targetSize(inputs: readonly [Blob, ...Blob[]], params: InterpParams): [height: number, width: number] {
  const [{ shape }, reference] = inputs
  const { h, w } = shape.length === 1 ? { h: 1, w: 1 } : namedLengths(shape)
  if (params.size_expr) {
    const sizes = evaluateSizes(
      params.size_expr,
      inputs.map((input) => input.shape),
    )
    if (sizes.length > 2) throw new NcnnError(`size_expr must give a width and a height, found ${sizes.length} sizes`)
    const [width, height = h] = sizes
    return [height, width]
  }
  if (params.dynamic_target_size) {
    if (reference === undefined)
      throw new NcnnError('with dynamic_target_size a second input must have the wanted size')
    const target = namedLengths(reference.shape)
    return [target.h, target.w]
  }
  const { output_height, output_width, height_scale, width_scale } = params
  if (output_height !== 0 && output_width !== 0) return [output_height, output_width]
  return [Math.trunc(Math.fround(h * height_scale)), Math.trunc(Math.fround(w * width_scale))]
}

interface ResizedAxis {
  readonly length: number
  readonly outLength: number
  /** The scale that decides over its size; undefined where a size was asked for. */
  readonly scale: number | undefined
}

function axisOf(axis: 'h' | 'w', length: number, outLength: number, params: InterpParams): ResizedAxis {
  const [size, scale] =
    axis === 'h' ? [params.output_height, params.height_scale] : [params.output_width, params.width_scale]
  const isAsked = size !== 0 || params.dynamic_target_size !== 0 || params.size_expr !== ''
  return { length, outLength, scale: isAsked ? undefined : scale }
}

/** Whether an axis keeps its elements: one that keeps its length, but for bicubic resizing by a scale, which then shifts them. */
function staysAsIs({ length, outLength, scale }: ResizedAxis, { resize_type, align_corner }: InterpParams): boolean {
  const shifts = resize_type === 3 && align_corner === 0 && scale !== undefined && scale !== 1
  return length === outLength && !shifts
}

/** Which elements along an axis each element of the result is made of. */
function tapsAlong(
  { length, outLength, scale }: ResizedAxis,
  { resize_type, align_corner }: InterpParams,
  inHalf: boolean,
  workspace: Workspace,
): Taps {
  const step = scale === undefined ? length / outLength : 1 / scale
  const alignCorner = align_corner !== 0
  switch (resize_type) {
    case 1:
      return nearestTaps(length, outLength, Math.fround(step), workspace)
    case 2:
      return linearTaps({ length, outLength, alignCorner, step: length === outLength ? 1 : step, inHalf }, workspace)
    case 3:
      return cubicTaps({ length, outLength, alignCorner, step, inHalf }, workspace)
    default:
      throw new NcnnError(`resize_type must be 1 (nearest), 2 (bilinear) or 3 (bicubic), found ${resize_type}`)
  }
}
