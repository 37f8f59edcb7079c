// The parameters that convolution layers share, as ncnn's operators.md names them, and what they say about window and padding.
import { NcnnError } from '../../../../error.ts'
import { float, int } from '../../../../params.ts'
import { activationParams } from '../fused-activation.ts'
import { axisNames, type Cut, type Padding, type Pads, perAxis, type Spatial, type Window } from './geometry.ts'

export const filterParams = { num_output: int(0), bias_term: int(5), weight_data_size: int(6) } as const

/** What the grouped layers have besides. */
export const groupParam = { group: int(7, 1) } as const

export const widthParams = {
  kernel_w: int(1),
  dilation_w: int(2, 1),
  stride_w: int(3, 1),
  pad_left: int(4),
  pad_right: int(15, 'pad_left'),
} as const

export const heightParams = {
  kernel_h: int(11, 'kernel_w'),
  dilation_h: int(12, 'dilation_w'),
  stride_h: int(13, 'stride_w'),
  pad_top: int(14, 'pad_left'),
  pad_bottom: int(16, 'pad_top'),
} as const

const depthParams = {
  kernel_d: int(21, 'kernel_w'),
  dilation_d: int(22, 'dilation_w'),
  stride_d: int(23, 'stride_w'),
  pad_front: int(24, 'pad_left'),
  pad_behind: int(17, 'pad_front'),
} as const

/** Where each dimension's deconvolutions keep what their outputs are to be. */
const outputParams1d = { output_pad_right: int(18), output_w: int(20) } as const

const outputParams2d = {
  output_pad_right: int(18),
  output_pad_bottom: int(19, 'output_pad_right'),
  output_w: int(20),
  output_h: int(21, 'output_w'),
} as const

const outputParams3d = {
  output_pad_right: int(18),
  output_pad_bottom: int(19, 'output_pad_right'),
  output_pad_behind: int(20, 'output_pad_right'),
  output_w: int(25),
  output_h: int(26, 'output_w'),
  output_d: int(27, 'output_w'),
} as const

/** The parameters of convolutions of each dimension. */
export const convolutionParams1d = {
  ...filterParams,
  ...widthParams,
  pad_value: float(18),
  ...activationParams,
  dynamic_weight: int(19),
} as const

export const convolutionParams2d = { ...convolutionParams1d, ...heightParams, int8_scale_term: int(8) } as const

export const convolutionParams3d = {
  ...filterParams,
  ...widthParams,
  ...heightParams,
  ...depthParams,
  pad_value: float(18),
  ...activationParams,
} as const

/** The parameters of deconvolutions of each dimension. */
export const deconvolutionParams1d = {
  ...filterParams,
  ...widthParams,
  ...outputParams1d,
  ...activationParams,
  dynamic_weight: int(28),
} as const

export const deconvolutionParams2d = { ...deconvolutionParams1d, ...heightParams, ...outputParams2d } as const

export const deconvolutionParams3d = {
  ...filterParams,
  ...widthParams,
  ...heightParams,
  ...depthParams,
  ...outputParams3d,
  ...activationParams,
} as const

type Values<P> = { readonly [K in keyof P]: number }

/** The values of the parameters above; a 2-D layer has none for the depth, a 1-D layer none for the height either. */
export type WindowParams = Values<typeof widthParams> &
  Partial<Values<typeof heightParams>> &
  Partial<Values<typeof depthParams>>

/** How a deconvolution's output differs from what input and kernel make: what is added, and the size it is to have (0: any). */
export type OutputParams = Values<typeof outputParams1d> &
  Partial<Values<typeof outputParams2d>> &
  Partial<Values<typeof outputParams3d>>

/** Values of pads that stand for a rule: the output has ceil(input / stride) positions. */
const sameUpper = -233
const sameLower = -234

/** @throws {NcnnError} on strides and dilations below 1 */
export function windowOf(params: WindowParams): Window {
  const window = {
    kernel: [params.kernel_d ?? 1, params.kernel_h ?? 1, params.kernel_w],
    stride: [params.stride_d ?? 1, params.stride_h ?? 1, params.stride_w],
    dilation: [params.dilation_d ?? 1, params.dilation_h ?? 1, params.dilation_w],
  } as const
  checkPositive('stride', window.stride)
  checkPositive('dilation', window.dilation)
  return window
}

/** @throws {NcnnError} on a size below 1 along some axis */
export function checkPositive(what: string, sizes: Spatial): void {
  const axis = sizes.findIndex((size) => size < 1)
  if (axis >= 0)
    throw new NcnnError(`the ${what} along the ${axisNames[axis]} must be at least 1, found ${sizes[axis]}`)
}

/**
 * The padding of a convolution. ncnn applies a rule only when all pads ask for it, and pads at all only when one is positive.
 * @throws {NcnnError} when some pads are positive and others negative: there ncnn writes beyond its memory
 */
export function paddingOf(params: WindowParams): Padding {
  const { before, after, declared } = padsOf(params)
  if (declared.some((pad) => pad > 0)) {
    if (declared.some((pad) => pad < 0)) throw new NcnnError(`pads must not be negative, found ${declared.join(', ')}`)
    return { rule: 'explicit', before, after }
  }
  if (declared.every((pad) => pad === sameUpper)) return { rule: 'sameUpper' }
  if (declared.every((pad) => pad === sameLower)) return { rule: 'sameLower' }
  return { rule: 'explicit', before: [0, 0, 0], after: [0, 0, 0] }
}

/** @throws {NcnnError} when something negative is to be added */
export function outputPadOf(params: OutputParams): Spatial {
  const outputPad = [params.output_pad_behind ?? 0, params.output_pad_bottom ?? 0, params.output_pad_right] as const
  const axis = outputPad.findIndex((pad) => pad < 0)
  if (axis >= 0)
    throw new NcnnError(`the output pad along the ${axisNames[axis]} must not be negative, found ${outputPad[axis]}`)
  return outputPad
}

/** @throws {NcnnError} when an output size is given without a rule how to reach it */
export function cutOf(params: WindowParams & OutputParams): Cut {
  const { before, after, declared } = padsOf(params)
  if (declared.some((pad) => pad > 0)) return { rule: 'explicit', before, after }
  const sizes = [params.output_d, params.output_h, params.output_w].filter((size) => size !== undefined)
  if (sizes.some((size) => size <= 0)) return { rule: 'explicit', before: [0, 0, 0], after: [0, 0, 0] }
  const size = [params.output_d ?? 1, params.output_h ?? 1, params.output_w] as const
  if (declared.includes(sameUpper)) return { rule: 'sameUpper', size }
  if (declared.includes(sameLower)) return { rule: 'sameLower', size }
  throw new NcnnError(
    `output_w, output_h and output_d need pads of ${sameUpper} (SAME_UPPER) or ${sameLower} (SAME_LOWER)`,
  )
}

/** The pads as they stand in the file; `declared` are those of the axes that the layer has. */
export function padsOf(params: WindowParams): Pads & { readonly declared: readonly number[] } {
  const before = [params.pad_front, params.pad_top, params.pad_left] as const
  const after = [params.pad_behind, params.pad_bottom, params.pad_right] as const
  return {
    before: perAxis((axis) => before[axis] ?? 0),
    after: perAxis((axis) => after[axis] ?? 0),
    declared: [...before, ...after].filter((pad) => pad !== undefined),
  }
}
