// Pooling over windows, with ncnn's rules for what lies outside the input, and adaptive pooling.
import { storeFirst } from './activation'

const MAX: i32 = 0
const LARGEST: f32 = 3.4028234663852886e38

/** One window [y0, y1) x [x0, x1), all inside the input. */
// @ts-ignore: decorator
@inline
function windowMax(channel: usize, w: i32, y0: i32, y1: i32, x0: i32, x1: i32, best: f32): f32 {
  for (let y = y0; y < y1; y++) {
    let p = channel + (<usize>(y * w + x0) << 2)
    for (let x = x0; x < x1; x++, p += 4) {
      const v = load<f32>(p)
      if (best < v) best = v
    }
  }
  return best
}

// @ts-ignore: decorator
@inline
function windowSum(channel: usize, w: i32, y0: i32, y1: i32, x0: i32, x1: i32): f32 {
  let sum: f32 = 0
  for (let y = y0; y < y1; y++) {
    let p = channel + (<usize>(y * w + x0) << 2)
    for (let x = x0; x < x1; x++, p += 4) sum += load<f32>(p)
  }
  return sum
}

/** Four floats, `stride` (1, 2 or more) apart. */
// @ts-ignore: decorator
@inline
function load4(p: usize, stride: i32): v128 {
  if (stride == 1) return v128.load(p)
  if (stride == 2) return i32x4.shuffle(v128.load(p), v128.load(p, 16), 0, 2, 4, 6)
  const step = <usize>stride << 2
  let v = v128.load32_zero(p)
  v = v128.load32_lane(p + step, v, 1)
  v = v128.load32_lane(p + 2 * step, v, 2)
  return v128.load32_lane(p + 3 * step, v, 3)
}

export function pool(
  type: i32, input: usize, channels: i32, h: i32, w: i32, output: usize, outH: i32, outW: i32,
  kernelH: i32, kernelW: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, countIncludePad: i32,
): void {
  const channelBytes = <usize>(h * w) << 2
  // The outputs whose windows do not reach beyond the left or right side: they go four at a time.
  const inner0 = min((padLeft + strideW - 1) / strideW, outW)
  const inner1 = max(min(w + padLeft >= kernelW ? (w + padLeft - kernelW) / strideW + 1 : 0, outW), inner0)
  for (let q = 0; q < channels; q++, input += channelBytes) {
    for (let oy = 0; oy < outH; oy++, output += <usize>outW << 2) {
      const top = oy * strideH - padTop
      const y0 = max(top, 0), y1 = min(top + kernelH, h)
      for (let ox = 0; ox < outW; ) {
        const left = ox * strideW - padLeft, out = output + (<usize>ox << 2)
        if (ox >= inner0 && ox < inner1) {
          const lanes = min(inner1 - ox, 4)
          poolVector(type, input, w, y0, y1, y0 == top, left, kernelH, kernelW, strideW, countIncludePad, out, lanes)
          ox += lanes
          continue
        }
        const x0 = max(left, 0), x1 = min(left + kernelW, w)
        if (type == MAX) {
          const inside = y0 == top && x0 == left && top < h && left < w
          const first = inside ? load<f32>(input + (<usize>(top * w + left) << 2)) : -LARGEST
          store<f32>(out, windowMax(input, w, y0, y1, x0, x1, first))
        } else {
          const area = countIncludePad ? kernelH * kernelW : max(y1 - y0, 0) * max(x1 - x0, 0)
          store<f32>(out, windowSum(input, w, y0, y1, x0, x1) / <f32>area)
        }
        ox++
      }
    }
  }
}

/** Up to four outputs whose windows lie inside the input horizontally. Reads may run past the input's end, into lanes that are dropped. */
function poolVector(
  type: i32, channel: usize, w: i32, y0: i32, y1: i32, fromTop: bool, left: i32, kernelH: i32, kernelW: i32, strideW: i32,
  countIncludePad: i32, out: usize, lanes: i32,
): void {
  let v: v128
  // With three or more strides a vector would read far beyond the last window.
  const stride = strideW > 2 && lanes < 4 ? 1 : strideW
  if (stride != strideW) {
    for (let i = 0; i < lanes; i++) {
      poolVector(type, channel, w, y0, y1, fromTop, left + i * strideW, kernelH, kernelW, 1, countIncludePad, out + (<usize>i << 2), 1)
    }
    return
  }
  if (type == MAX) {
    // The first position of the window starts the maximum, so that a NaN there stays.
    v = fromTop && y0 < y1 ? load4(channel + (<usize>(y0 * w + left) << 2), stride) : f32x4.splat(-LARGEST)
    for (let y = y0; y < y1; y++) {
      let p = channel + (<usize>(y * w + left) << 2)
      for (let k = 0; k < kernelW; k++, p += 4) v = f32x4.pmax(v, load4(p, stride))
    }
  } else {
    v = f32x4.splat(0)
    for (let y = y0; y < y1; y++) {
      let p = channel + (<usize>(y * w + left) << 2)
      for (let k = 0; k < kernelW; k++, p += 4) v = f32x4.add(v, load4(p, stride))
    }
    const area = countIncludePad ? kernelH * kernelW : max(y1 - y0, 0) * kernelW
    v = f32x4.div(v, f32x4.splat(<f32>area))
  }
  if (lanes == 4) v128.store(out, v)
  else storeFirst(out, v, lanes)
}

export function adaptivePool(type: i32, input: usize, channels: i32, h: i32, w: i32, output: usize, outH: i32, outW: i32): void {
  const channelBytes = <usize>(h * w) << 2
  for (let q = 0; q < channels; q++, input += channelBytes) {
    for (let oy = 0; oy < outH; oy++) {
      const y0 = h * oy / outH, y1 = (h * (oy + 1) + outH - 1) / outH
      for (let ox = 0; ox < outW; ox++, output += 4) {
        const x0 = w * ox / outW, x1 = (w * (ox + 1) + outW - 1) / outW
        if (type == MAX) {
          const first = load<f32>(input + (<usize>(y0 * w + x0) << 2))
          store<f32>(output, windowMax(input, w, y0, y1, x0, x1, first))
        } else {
          store<f32>(output, windowSum(input, w, y0, y1, x0, x1) / <f32>(y1 - y0) / <f32>(x1 - x0))
        }
      }
    }
  }
}
