// Convolution of float images: y[p] = activation(bias[p] + sum over channels and taps of weight * x), by SIMD kernels or in float64.
import { gemmScratchBytes, type Pointer } from '../../../../../../kernels/ncnn.ts'
import type { Workspace } from '../../layer.ts'
import type { Blob, BlobArray } from '../../memory/blob.ts'
import { roundAll, roundingOf, type SumPrecision } from '../../precision/sums.ts'
import { activate, type FusedActivation } from '../fused-activation.ts'
import { copyStrided, viewOf } from '../strided-copy.ts'
import { type Filters, isDepthwise, packedGroupBytes } from './filters.ts'
import { extentOf, type Geometry, pointwiseGeometry, type Spatial, volumeOf } from './geometry.ts'

const maxStripElements = 2 ** 24

/** What of a convolution depends on neither filters nor sizes. */
export interface Surroundings {
  /** What the input is padded with. */
  readonly padValue: number
  readonly activation: FusedActivation
  readonly sums: SumPrecision
}

/** Convolves x into y. */
export function convolve(
  x: Blob,
  filters: Filters,
  geometry: Geometry,
  surroundings: Surroundings,
  y: Blob,
  workspace: Workspace,
): void {
  if (surroundings.sums !== 'float32' || exceedsStrip(filters, geometry)) {
    convolvePlain(x, filters, geometry, surroundings, y)
  } else if (isPaddedPointwise(filters, geometry)) {
    convolveInsideBorder(x, filters, geometry, surroundings, y, workspace)
  } else if (geometry.kernel[0] === 1 && geometry.input[0] === 1 && geometry.output[0] === 1) {
    planeConvolution(filters, geometry, surroundings, workspace)(x.ptr, y.ptr)
  } else convolveVolumes(x, filters, geometry, surroundings, y, workspace)
}

/** The depthwise kernel copies the rows that a filter spans: too many when a dilation is absurd. */
function exceedsStrip(filters: Filters, geometry: Geometry): boolean {
  if (!isDepthwise(filters)) return false
  const [, extentH, extentW] = extentOf(geometry)
  const rowLength = (geometry.output[2] + 12) * geometry.stride[2] + extentW
  return extentH * rowLength > maxStripElements
}

/**
 * The textbook convolution: sums over channels, then taps. A row of sums is kept at a time, so that the innermost loop runs along
 * the width.
 */
function convolvePlain(
  x: Blob,
  { group, outputs, inputs, weight, bias }: Filters,
  { kernel, stride, dilation, input, output, before }: Geometry,
  { padValue, activation, sums: precision }: Surroundings,
  y: Blob,
): void {
  const [inD, inH, inW] = input
  const [outD, outH, outW] = output
  const [kernelD, kernelH, kernelW] = kernel
  const [source, factors, offsets, target] = [x.data, weight.data, bias?.data, y.data]
  const round = roundingOf(precision)
  const sums = new Float64Array(outW)
  let written = 0
  for (let p = 0; p < outputs; p++) {
    const firstChannel = Math.floor((p * group) / outputs) * inputs
    for (let oz = 0; oz < outD; oz++) {
      for (let oy = 0; oy < outH; oy++) {
        sums.fill(offsets ? offsets[p] : 0)
        roundAll(sums, round)
        let tap = p * inputs * volumeOf(kernel)
        for (let q = firstChannel; q < firstChannel + inputs; q++) {
          for (let kz = 0; kz < kernelD; kz++) {
            const iz = oz * stride[0] - before[0] + kz * dilation[0]
            for (let ky = 0; ky < kernelH; ky++) {
              const iy = oy * stride[1] - before[1] + ky * dilation[1]
              const inside = iz >= 0 && iz < inD && iy >= 0 && iy < inH
              const row = ((q * inD + iz) * inH + iy) * inW
              for (let kx = 0; kx < kernelW; kx++) {
                const shift = kx * dilation[2] - before[2]
                addTap(sums, factors[tap++], source, row, inside ? inW : 0, stride[2], shift, padValue)
                roundAll(sums, round)
              }
            }
          }
        }
        for (let ox = 0; ox < outW; ox++) target[written++] = activate(sums[ox], activation)
      }
    }
  }
}

/** sums[i] += weight * row[i * stride + shift], where `row` has `width` elements from `start` on and `padValue` outside. */
function addTap(
  sums: Float64Array,
  weight: number,
  source: BlobArray,
  start: number,
  width: number,
  stride: number,
  shift: number,
  padValue: number,
): void {
  const count = sums.length
  const first = Math.min(Math.max(Math.ceil(-shift / stride), 0), count)
  const end = Math.max(Math.min(Math.ceil((width - shift) / stride), count), first)
  const outside = weight * padValue
  for (let i = 0; i < first; i++) sums[i] += outside
  for (let i = first, at = start + first * stride + shift; i < end; i++, at += stride) sums[i] += weight * source[at]
  for (let i = end; i < count; i++) sums[i] += outside
}

/** Convolves a 2-D image at one address into one at another. */
type PlaneConvolution = (x: Pointer, y: Pointer) => void

/** A convolution of 2-D images by the SIMD kernels, depthwise or group by group; its scratch memory lasts until the layer has run. */
function planeConvolution(
  filters: Filters,
  geometry: Geometry,
  { padValue, activation }: Surroundings,
  { kernels, scratch }: Workspace,
): PlaneConvolution {
  const { group, inputs, weight, bias } = filters
  const [, inH, inW] = geometry.input
  const [, outH, outW] = geometry.output
  const [, kernelH, kernelW] = geometry.kernel
  const [, strideH, strideW] = geometry.stride
  const [, dilationH, dilationW] = geometry.dilation
  const [, padTop, padLeft] = geometry.before
  if (isDepthwise(filters)) {
    const bytes = kernels.depthwiseScratchBytes({ outW, kernelH, kernelW, strideH, strideW, dilationH, dilationW })
    const { ptr } = scratch([bytes], 'uint8')
    return (x, y) =>
      kernels.depthwise({
        input: x,
        channels: group,
        h: inH,
        w: inW,
        weights: weight.ptr,
        bias: bias?.ptr ?? 0,
        output: y,
        outH,
        outW,
        kernelH,
        kernelW,
        strideH,
        strideW,
        dilationH,
        dilationW,
        padTop,
        padLeft,
        padValue,
        activation: activation.type,
        activationA: activation.a,
        activationB: activation.b,
        scratch: ptr,
      })
  }
  const outputs = filters.outputs / group
  const groupBytes = packedGroupBytes(filters)
  const { ptr } = scratch([gemmScratchBytes], 'uint8')
  return (x, y) => {
    for (let g = 0; g < group; g++) {
      kernels.convolution({
        input: x + 4 * g * inputs * inH * inW,
        inch: inputs,
        h: inH,
        w: inW,
        packedWeights: weight.ptr + g * groupBytes,
        bias: bias === undefined ? 0 : bias.ptr + 4 * g * outputs,
        output: y + 4 * g * outputs * outH * outW,
        outch: outputs,
        outH,
        outW,
        kernelH,
        kernelW,
        strideH,
        strideW,
        dilationH,
        dilationW,
        padTop,
        padLeft,
        padValue,
        activation: activation.type,
        activationA: activation.a,
        activationB: activation.b,
        scratch: ptr,
      })
    }
  }
}

/** Whether a 1x1 kernel visits every position of a 2-D image and a border of padding around it. */
function isPaddedPointwise(filters: Filters, { kernel, stride, input, output, before }: Geometry): boolean {
  if (volumeOf(kernel) > 1 || volumeOf(stride) > 1 || output[0] > 1 || isDepthwise(filters)) return false
  const holds = (axis: 0 | 1 | 2): boolean => before[axis] >= 0 && before[axis] + input[axis] <= output[axis]
  return holds(0) && holds(1) && holds(2) && volumeOf(output) > volumeOf(input)
}

/** What the padding gives is the same at each position of the border: it is computed once, the image itself without the border. */
function convolveInsideBorder(
  x: Blob,
  filters: Filters,
  geometry: Geometry,
  surroundings: Surroundings,
  y: Blob,
  workspace: Workspace,
): void {
  const { outputs, group, inputs } = filters
  const [, height, width] = geometry.input
  const [, outHeight, outWidth] = geometry.output
  const [, top, left] = geometry.before
  const { kernels } = workspace
  const convolveImage = (size: Spatial, from: Blob, to: Blob): void =>
    planeConvolution(filters, pointwiseGeometry(size), surroundings, workspace)(from.ptr, to.ptr)

  const padding = workspace.scratch([group * inputs])
  const border = workspace.scratch([outputs])
  kernels.fill({ destination: padding.ptr, n: padding.length, value: surroundings.padValue })
  convolveImage([1, 1, 1], padding, border)
  const inside = workspace.scratch([outputs, height, width])
  convolveImage([1, height, width], x, inside)

  const target = viewOf(y)
  const plane = outHeight * outWidth
  const everywhere = { ...target, strides: [plane, 1] }
  copyStrided([outputs, plane], { data: border.data, offset: 0, strides: [1, 0] }, everywhere, kernels)
  const center = { data: target.data, offset: top * outWidth + left, strides: [plane, outWidth, 1] }
  copyStrided([outputs, height, width], viewOf(inside), center, kernels)
}

/** 3-D images, one output plane after the other: the input planes under the kernel are the channels of a 2-D convolution. */
function convolveVolumes(
  x: Blob,
  filters: Filters,
  geometry: Geometry,
  surroundings: Surroundings,
  y: Blob,
  workspace: Workspace,
): void {
  const { group, inputs, outputs } = filters
  const { kernel, stride, dilation, input, output, before } = geometry
  const channels = group * inputs
  const planeSize = input[1] * input[2]
  const resultSize = output[1] * output[2]
  const planes = workspace.scratch([channels * kernel[0], planeSize])
  const result = workspace.scratch([outputs, resultSize])
  const flatten = ([, height, width]: Spatial): Spatial => [1, height, width]
  const planeFilters = { ...filters, inputs: inputs * kernel[0], kernel: flatten(kernel) }
  const planeGeometry = { ...geometry, kernel: flatten(kernel), input: flatten(input), output: flatten(output) }
  const convolvePlane = planeConvolution(planeFilters, planeGeometry, surroundings, workspace)

  const [source, target, convolved, volume] = [x.data, planes.data, result.data, y.data]
  for (let oz = 0; oz < output[0]; oz++) {
    for (let q = 0; q < channels; q++) {
      for (let kz = 0; kz < kernel[0]; kz++) {
        const iz = oz * stride[0] - before[0] + kz * dilation[0]
        const at = (q * kernel[0] + kz) * planeSize
        if (iz < 0 || iz >= input[0]) target.fill(surroundings.padValue, at, at + planeSize)
        else {
          const from = (q * input[0] + iz) * planeSize
          target.set(source.subarray(from, from + planeSize), at)
        }
      }
    }
    convolvePlane(planes.ptr, result.ptr)
    for (let p = 0; p < outputs; p++) {
      volume.set(convolved.subarray(p * resultSize, (p + 1) * resultSize), (p * output[0] + oz) * resultSize)
    }
  }
}
