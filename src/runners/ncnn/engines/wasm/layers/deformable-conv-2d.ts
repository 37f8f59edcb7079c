// DeformableConv2D: a convolution whose taps are moved by offsets, weighed by a mask, and read between the pixels.
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { raw, tagged } from '../../../weights.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { storedFilters } from '../operations/convolution/convolution-layer.ts'
import { convolve } from '../operations/convolution/convolve.ts'
import { checkInputChannels, filterShapeOf } from '../operations/convolution/filters.ts'
import { convolutionFlops } from '../operations/convolution/flops.ts'
import {
  convolutionGeometry,
  type Geometry,
  imageOf,
  pointwiseGeometry,
  volumeOf,
} from '../operations/convolution/geometry.ts'
import { filterParams, heightParams, padsOf, widthParams, windowOf } from '../operations/convolution/params.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { activationParams, fusedActivation } from '../operations/fused-activation.ts'
import { sumPrecisionOf } from '../precision/sums.ts'

/**
 * y = activation(sum over channels and taps of weight * mask * x at (tap + offset) + bias): x [c, h, w], offset [2 * taps, outh, outw]
 * with the vertical offset of a tap before its horizontal one, mask [taps, outh, outw]
 */
export const DeformableConv2D = defineLayer({
  type: 'DeformableConv2D',
  binaryId: 93,
  inputs: '2..3',
  elements: 'float32',
  stores16: false,
  params: {
    ...filterParams,
    ...widthParams,
    ...heightParams,
    ...activationParams,
  },
  weights: ({ num_output, bias_term, weight_data_size }) => ({
    weight_data: tagged(weight_data_size),
    bias_data: bias_term ? raw(num_output) : undefined,
  }),
  flops: (measured) => convolutionFlops(measured),
  prepare(layer, workspace) {
    const { params, weights } = layer
    const window = windowOf(params)
    const shape = filterShapeOf(params, window.kernel)
    // What the taps read is gathered first; to the filters it is so many channels of one pixel.
    const gathered = { ...shape, inputs: shape.inputs * volumeOf(shape.kernel), kernel: [1, 1, 1] } as const
    const sums = sumPrecisionOf(layer, workspace)
    return {
      shape,
      window,
      padding: { rule: 'explicit', ...padsOf(params) } as const,
      activation: fusedActivation(params),
      sums,
      filters: storedFilters({ ...gathered, weight: weights.weight_data, bias: weights.bias_data }, sums, workspace),
    }
  },
  forward([x, offset, mask], { prepared: { shape, window, padding, activation, sums, filters } }, workspace) {
    const { channels, size } = imageOf(x.shape, 2)
    checkInputChannels(shape, channels)
    const geometry = convolutionGeometry(window, padding, size)
    const [, outH, outW] = geometry.output
    const taps = volumeOf(shape.kernel)
    checkFloat(x, workspace)
    checkPerTap(offset, 'offset', [2 * taps, outH, outW], workspace)
    if (mask !== undefined) checkPerTap(mask, 'mask', [taps, outH, outW], workspace)

    const samples = workspace.scratch([channels * taps, outH, outW])
    const y = workspace.alloc([shape.outputs, outH, outW])
    if (workspace.float === 'float32') gatherColumns(x, offset, mask, geometry, samples, workspace)
    else gatherSamples(x, offset, mask, geometry, samples)
    convolve(samples, filters, pointwiseGeometry(geometry.output), { padValue: 0, activation, sums }, y, workspace)
    return y
  },
})

function checkPerTap(blob: Blob, name: string, shape: readonly number[], workspace: Workspace): void {
  checkFloat(blob, workspace, `the ${name}`)
  if (blob.shape.length !== 3 || blob.shape.some((length, axis) => length !== shape[axis])) {
    throw new NcnnError(`the ${name} must have shape ${formatShape(shape)}, found ${formatShape(blob.shape)}`)
  }
}

/** {@link gatherSamples} by the kernel. */
function gatherColumns(
  x: Blob,
  offset: Blob,
  mask: Blob | undefined,
  { kernel, stride, dilation, before, input, output }: Geometry,
  samples: Blob,
  { kernels, scratch }: Workspace,
): void {
  const [, h, w] = input
  kernels.deformedColumns({
    input: x.ptr,
    channels: x.length / (h * w),
    h,
    w,
    offset: offset.ptr,
    mask: mask?.ptr ?? 0,
    columns: samples.ptr,
    outH: output[1],
    outW: output[2],
    kernelH: kernel[1],
    kernelW: kernel[2],
    strideH: stride[1],
    strideW: stride[2],
    dilationH: dilation[1],
    dilationW: dilation[2],
    padTop: before[1],
    padLeft: before[2],
    scratch: scratch([kernels.bilinearScratchBytes()], 'uint8').ptr,
  })
}

/** samples[channel][tap][outh][outw] = mask * x, bilinearly interpolated; pixels outside x are 0. */
function gatherSamples(
  x: Blob,
  offset: Blob,
  mask: Blob | undefined,
  { kernel, stride, dilation, before, input, output }: Geometry,
  samples: Blob,
): void {
  const [source, offsets, factors, target] = [x.data, offset.data, mask?.data, samples.data]
  const [, h, w] = input
  const [, outH, outW] = output
  const taps = volumeOf(kernel)
  const plane = outH * outW
  const channels = x.length / (h * w)
  for (let tap = 0; tap < taps; tap++) {
    const ky = Math.floor(tap / kernel[2])
    const kx = tap % kernel[2]
    for (let at = 0; at < plane; at++) {
      const oy = Math.floor(at / outW)
      const ox = at % outW
      const iy = oy * stride[1] - before[1] + ky * dilation[1] + offsets[2 * tap * plane + at]
      const ix = ox * stride[2] - before[2] + kx * dilation[2] + offsets[(2 * tap + 1) * plane + at]
      const inside = iy > -1 && ix > -1 && iy < h && ix < w
      const factor = factors ? factors[tap * plane + at] : 1
      for (let q = 0; q < channels; q++) {
        target[(q * taps + tap) * plane + at] = inside ? interpolate(source, q * h * w, h, w, iy, ix) * factor : 0
      }
    }
  }
}

/** The value at (y, x) between the four pixels around it in a plane that starts at `start`. */
function interpolate(source: Blob['data'], start: number, h: number, w: number, y: number, x: number): number {
  const [top, left] = [Math.floor(y), Math.floor(x)]
  const [down, right] = [y - top, x - left]
  const at = start + top * w + left
  const hasTop = top >= 0
  const hasLeft = left >= 0
  const hasBottom = top + 1 < h
  const hasRight = left + 1 < w
  return (
    (hasTop && hasLeft ? source[at] * (1 - down) * (1 - right) : 0) +
    (hasTop && hasRight ? source[at + 1] * (1 - down) * right : 0) +
    (hasBottom && hasLeft ? source[at + w] * down * (1 - right) : 0) +
    (hasBottom && hasRight ? source[at + w + 1] * down * right : 0)
  )
}
