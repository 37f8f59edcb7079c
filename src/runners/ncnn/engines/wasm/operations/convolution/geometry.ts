// Where convolutions and deconvolutions read and write: image sizes, windows, padding and output sizes.
import { NcnnError } from '../../../../error.ts'
import { asRank, refuseEmpty } from '../../shapes/axes.ts'

/** A number for each spatial axis, outermost first. Layers of fewer dimensions have depth 1, or depth and height 1. */
export type Spatial = readonly [depth: number, height: number, width: number]

export const axisNames = ['depth', 'height', 'width'] as const

/** How many of the axes a layer knows: 1 width, 2 height and width, 3 all. */
export type Dimensions = 1 | 2 | 3

export const perAxis = (of: (axis: 0 | 1 | 2) => number): Spatial => [of(0), of(1), of(2)]

export const volumeOf = ([depth, height, width]: Spatial): number => depth * height * width

/** Largest size of a padded image along one axis: kernels count positions in 32 bits. */
export const maxSize = 2 ** 30

/** What slides over an image. */
export interface Window {
  readonly kernel: Spatial
  readonly stride: Spatial
  readonly dilation: Spatial
}

/** Positions added to, or taken from, the start and the end of each axis. */
export interface Pads {
  readonly before: Spatial
  readonly after: Spatial
}

/** What is added around an image: given numbers, or so much that the output has ceil(input / stride) positions. */
export type Padding = ({ readonly rule: 'explicit' } & Pads) | { readonly rule: 'sameUpper' | 'sameLower' }

/** What a deconvolution cuts off the full result: given numbers, or so much that the output has a given size. */
export type Cut =
  | ({ readonly rule: 'explicit' } & Pads)
  | { readonly rule: 'sameUpper' | 'sameLower'; readonly size: Spatial }

/** A window over an image: output position o reads (or, in a deconvolution, is read from) i = o * stride - before + tap * dilation. */
export interface Geometry extends Window {
  readonly input: Spatial
  readonly output: Spatial
  /** Padding of a convolution's input, or what a deconvolution cuts off its output, at the start of each axis. */
  readonly before: Spatial
}

/** A 1x1 kernel over every position of an image. */
export function pointwiseGeometry(size: Spatial): Geometry {
  const ones = [1, 1, 1] as const
  return { kernel: ones, stride: ones, dilation: ones, input: size, output: size, before: [0, 0, 0] }
}

/** Positions from the first to the last tap of a dilated kernel. */
export function extentOf({ kernel, dilation }: Window): Spatial {
  return perAxis((axis) => dilation[axis] * (kernel[axis] - 1) + 1)
}

/** A blob as channels of images. */
export interface Image {
  readonly channels: number
  readonly size: Spatial
}

/**
 * Reads a shape as ncnn's layers of that many dimensions do: [w], [h, w] or [c, h, w] for 2-D layers, [w] or [c, w] for 1-D layers,
 * [c, d, h, w] for 3-D layers; axes that a shape lacks have size 1.
 */
export function imageOf(shape: readonly number[], dimensions: Dimensions): Image {
  const rank = dimensions + 1
  if (dimensions === 3 && shape.length < rank) {
    throw new NcnnError(`expected an input of ${rank} axes, found ${shape.length}`)
  }
  refuseEmpty(shape)
  const read = asRank(shape, rank)
  const [channels, ...sizes] = [...Array<number>(rank - read.length).fill(1), ...read]
  const [width = 1, height = 1, depth = 1] = sizes.reverse()
  return { channels, size: [depth, height, width] }
}

/** The shape of an image blob, as ncnn's layers of that many dimensions make it. */
export function imageShape({ channels, size }: Image, dimensions: Dimensions): number[] {
  return [channels, ...size.slice(3 - dimensions)]
}

/**
 * Pads the input and finds the output size: floor((padded - extent) / stride) + 1.
 * @throws {NcnnError} when the kernel spans more than the padded input
 */
export function convolutionGeometry(window: Window, padding: Padding, input: Spatial): Geometry {
  const extent = extentOf(window)
  const { before, after } = resolvePadding(window, padding, input)
  const padded = perAxis((axis) => before[axis] + input[axis] + after[axis])
  for (const [axis, name] of axisNames.entries()) {
    if (padded[axis] < extent[axis]) {
      throw new NcnnError(
        `the kernel spans ${extent[axis]} along the ${name}, but the input with its padding has only ${padded[axis]}`,
      )
    }
    if (padded[axis] > maxSize) throw new NcnnError(`a padded ${name} of ${padded[axis]} is too large`)
  }
  const output = perAxis((axis) => Math.floor((padded[axis] - extent[axis]) / window.stride[axis]) + 1)
  return { ...window, input, output, before }
}

function resolvePadding(window: Window, padding: Padding, input: Spatial): Pads {
  if (padding.rule === 'explicit') return padding
  const extent = extentOf(window)
  const total = perAxis((axis) => {
    const stride = window.stride[axis]
    return extent[axis] + Math.trunc((input[axis] - 1) / stride) * stride - input[axis]
  })
  // When no axis needs padding there is none. When one does, ncnn also applies what the rule gives for the others: where the stride
  // steps over the end of an axis that is negative, and crops.
  if (total.every((pad) => pad <= 0)) return { before: [0, 0, 0], after: [0, 0, 0] }
  const smaller = perAxis((axis) => Math.trunc(total[axis] / 2))
  const larger = perAxis((axis) => total[axis] - smaller[axis])
  const [, height, width] = padding.rule === 'sameUpper' ? smaller : larger
  // ncnn pads the depth alike under both rules, and crops the height at its end only.
  const before = [smaller[0], Math.max(height, 0), width] as const
  return { before, after: perAxis((axis) => total[axis] - before[axis]) }
}

/**
 * Finds the output size of a deconvolution: (input - 1) * stride + extent + outputPad, less what is cut off.
 * @throws {NcnnError} when more is cut off than there is, or something would have to be added in front
 */
export function deconvolutionGeometry(window: Window, outputPad: Spatial, cut: Cut, input: Spatial): Geometry {
  const extent = extentOf(window)
  const full = perAxis((axis) => (input[axis] - 1) * window.stride[axis] + extent[axis] + outputPad[axis])
  const { before, after: wanted } = resolveCut(cut, full)
  // ncnn's crop ends where the result ends: nothing is added behind it.
  const after = perAxis((axis) => Math.max(wanted[axis], 0))
  const output = perAxis((axis) => full[axis] - before[axis] - after[axis])
  for (const [axis, name] of axisNames.entries()) {
    if (before[axis] < 0 || output[axis] < 1) {
      throw new NcnnError(
        `input and kernel give ${full[axis]} positions along the ${name}: ${before[axis]} cannot be cut off the start and ${after[axis]} off the end`,
      )
    }
    if (full[axis] > maxSize) throw new NcnnError(`a result with a ${name} of ${full[axis]} is too large`)
  }
  return { ...window, input, output, before }
}

function resolveCut(cut: Cut, full: Spatial): Pads {
  if (cut.rule === 'explicit') return cut
  const total = perAxis((axis) => full[axis] - cut.size[axis])
  const smaller = perAxis((axis) => Math.trunc(total[axis] / 2))
  const larger = perAxis((axis) => total[axis] - smaller[axis])
  return cut.rule === 'sameUpper' ? { before: smaller, after: larger } : { before: larger, after: smaller }
}
