// Deconvolution in half precision, in the order of ncnn's ARM code: a matrix product gives what each input adds to each output, which is rounded and
// added up tap by tap; or, for depthwise filters and without `useSgemmConvolution`, products are added to the outputs from the last tap on.
// Source: Tencent/ncnn, src/layer/arm/deconvolution_arm_asimdhp.cpp and deconvolutiondepthwise_arm_asimdhp.cpp.
import type { Workspace } from '../../layer.ts'
import type { Blob, BlobArray } from '../../memory/blob.ts'
import { type ArmLayout, packOf } from '../../precision/arm-layout.ts'
import { roundToFloat16 } from '../../precision/sums.ts'
import type { FusedActivation } from '../fused-activation.ts'
import { activateHalf } from '../half-activation.ts'
import { multiply } from '../matrix.ts'
import { operand } from '../operand.ts'
import type { SpreadingFilters } from './deconvolve.ts'
import { type Geometry, volumeOf } from './geometry.ts'

export interface HalfSpreading {
  readonly activation: FusedActivation
  readonly layout: ArmLayout
  /** It has a filter for each channel. */
  readonly depthwise: boolean
}

/** y = activation(bias + what x spreads) */
export function deconvolveInHalf(
  x: Blob,
  filters: SpreadingFilters,
  geometry: Geometry,
  { activation, layout, depthwise }: HalfSpreading,
  y: Blob,
  workspace: Workspace,
): void {
  const { outputs, inputs, bias } = filters
  const [target, offsets] = [y.data, bias?.data]
  const outputSize = volumeOf(geometry.output)
  for (let p = 0; p < outputs; p++) {
    target.fill(roundToFloat16(offsets?.[p] ?? 0), p * outputSize, (p + 1) * outputSize)
  }
  if (layout.sgemm && !depthwise) spreadProducts(x, filters, geometry, y, workspace)
  else spreadInputs(x, filters, geometry, packOf(inputs, layout), y)
  activateHalf(y, activation, workspace)
}

function spreadProducts(
  x: Blob,
  { group, outputs, inputs, weight }: SpreadingFilters,
  geometry: Geometry,
  y: Blob,
  workspace: Workspace,
): void {
  const groupOutputs = outputs / group
  const inputSize = volumeOf(geometry.input)
  const outputSize = volumeOf(geometry.output)
  const taps = volumeOf(geometry.kernel)
  const rows = groupOutputs * taps
  const products = workspace.scratch([rows, inputSize], 'float32')
  for (let g = 0; g < group; g++) {
    const left = operand(weight, rows, inputs, true, g * rows * inputs)
    const right = operand(x, inputSize, inputs, true, g * inputs * inputSize)
    multiply(left, right, products, { rows, columns: inputSize, depth: inputs }, workspace, { sums: 'float16' })
    const [source, target] = [products.data, y.data]
    for (let p = 0; p < groupOutputs; p++) {
      const origin = (g * groupOutputs + p) * outputSize
      for (let tap = 0; tap < taps; tap++) {
        addTap(source, (p * taps + tap) * inputSize, 1, tap, geometry, target, origin)
      }
    }
  }
}

function spreadInputs(
  { data: source }: Blob,
  { group, outputs, inputs, weight: { data: factors } }: SpreadingFilters,
  geometry: Geometry,
  block: number,
  { data: target }: Blob,
): void {
  const groupOutputs = outputs / group
  const inputSize = volumeOf(geometry.input)
  const outputSize = volumeOf(geometry.output)
  const taps = volumeOf(geometry.kernel)
  for (let p = 0; p < outputs; p++) {
    const g = Math.floor(p / groupOutputs)
    for (let q0 = 0; q0 < inputs; q0 += block) {
      for (let tap = taps - 1; tap >= 0; tap--) {
        for (let q = g * inputs + q0; q < g * inputs + q0 + block; q++) {
          const factor = factors[(q * groupOutputs + (p % groupOutputs)) * taps + tap]
          addTap(source, q * inputSize, factor, tap, geometry, target, p * outputSize)
        }
      }
    }
  }
}

/** Adds `weight` times an input image to the places of an output channel under one tap, each addition rounded to float16: as `spreadTap`. */
function addTap(
  source: BlobArray,
  start: number,
  weight: number,
  tap: number,
  { kernel, stride, dilation, input, output, before }: Geometry,
  target: BlobArray,
  origin: number,
): void {
  const [, inH, inW] = input
  const [, outH, outW] = output
  const shift = (tap % kernel[2]) * dilation[2] - before[2]
  const first = Math.max(Math.ceil(-shift / stride[2]), 0)
  const end = Math.min(Math.ceil((outW - shift) / stride[2]), inW)
  for (let row = 0; row < inH; row++) {
    const oy = row * stride[1] + Math.floor(tap / kernel[2]) * dilation[1] - before[1]
    if (oy < 0 || oy >= outH) continue
    let at = origin + oy * outW + first * stride[2] + shift
    for (let ix = first; ix < end; ix++, at += stride[2])
      target[at] = roundToFloat16(target[at] + weight * source[start + row * inW + ix])
  }
}
