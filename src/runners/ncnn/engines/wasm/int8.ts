// ncnn's int8 arithmetic: rounding, scales, and quantising on the fly. Scales are float32, as they are in ncnn.
// Source: Tencent/ncnn, float2int8 in src/layer/quantize.cpp.

/** Rounds half away from zero and limits to [-127, 127]; NaN becomes 0. */
export function toInt8(value: number): number {
  const rounded = Math.sign(value) * Math.floor(Math.abs(value) + 0.5)
  return Math.min(Math.max(rounded, -127), 127) || 0
}

/** The scale that maps the largest magnitude of `values[start, start + count)` to 127; Infinity when all are zero. */
export function dynamicScale(values: ArrayLike<number>, start: number, count: number): number {
  let max = 0
  for (let i = start; i < start + count; i++) max = Math.max(max, Math.abs(values[i]))
  return Math.fround(127 / max)
}

/** target[i] = int8(values[start + i] * scale), the product in float32. */
export function quantizeInto(target: Int8Array, values: ArrayLike<number>, start: number, scale: number): void {
  for (let i = 0; i < target.length; i++) target[i] = toInt8(Math.fround(values[start + i] * scale))
}

/** 1 / scale in float32. */
export function descale(scale: number): number {
  return Math.fround(1 / scale)
}
