// The int8 arithmetic that ncnn's quantised layers share. Scales are float32, as they are in ncnn.
// Source: Tencent/ncnn, float2int8 in src/layer/quantize.cpp.
import type { BlobArray } from '../memory/blob.ts'

/** Rounds to the nearest integer, halves away from zero, and limits to -127..127; NaN becomes 0. */
export function toInt8(x: number): number {
  const rounded = x < 0 ? -Math.round(-x) : Math.round(x)
  return Math.min(Math.max(rounded, -127), 127) || 0
}

/** target[i] = int8(source[i] * scale), the product rounded as `round` says: `Math.fround` for what ncnn computes in float32. */
export function quantize(source: BlobArray, scale: number, target: BlobArray, round: (x: number) => number): void {
  for (let i = 0; i < source.length; i++) target[i] = toInt8(round(source[i] * scale))
}

/** The scale that maps the largest magnitude of `values` to 127; Infinity when all are zero. */
export function dynamicScale(values: BlobArray): number {
  let max = 0
  for (let i = 0; i < values.length; i++) max = Math.max(max, Math.abs(values[i]))
  return Math.fround(127 / max)
}

/** 1 / scale in float32. */
export function descale(scale: number): number {
  return Math.fround(1 / scale)
}
