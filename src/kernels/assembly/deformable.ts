// Deformable convolution: what its displaced taps read, as columns for the matrix product.
import { BLOCK, FACTOR, findPairs, joinPlaces, OneSum, PAIR, PAIR_WEIGHTS, RECORD, samplePlanes, WEIGHTS } from './bilinear'

/** Whether positions are between -1 and the length. */
// @ts-ignore: decorator
@inline
function reaches(position: v128, length: i32): v128 {
  return v128.and(f32x4.gt(position, f32x4.splat(-1)), f32x4.lt(position, f32x4.splat(<f32>length)))
}

export function deformedColumns(
  input: usize, channels: i32, h: i32, w: i32, offset: usize, mask: usize, columns: usize, outH: i32, outW: i32, kernelH: i32, kernelW: i32,
  strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, padTop: i32, padLeft: i32, scratch: usize,
): void {
  const n = outH * outW, outBytes = <usize>n << 2, taps = kernelH * kernelW, rowBytes = h > 1 ? <usize>w << 2 : 0
  const x = scratch, y = scratch + PAIR, records = y + PAIR
  const width = i32x4.splat(outW)
  for (let begin = 0; begin < n; begin += BLOCK) {
    const count = min(n - begin, BLOCK), firstRow = begin / outW, firstColumn = begin - firstRow * outW
    for (let tap = 0; tap < taps; tap++) {
      const ky = tap / kernelW, kx = tap - ky * kernelW
      let at = (<usize>tap * 2 * n + begin) << 2, maskAt = mask + ((<usize>tap * n + begin) << 2), record = records
      let row = i32x4.splat(firstRow), column = i32x4.add(i32x4.splat(firstColumn), i32x4(0, 1, 2, 3))
      for (let i = 0; i < count; i += 4, record += RECORD, at += 16, maskAt += 16) {
        for (let over = i32x4.ge_s(column, width); v128.any_true(over); over = i32x4.ge_s(column, width)) {
          column = i32x4.sub(column, v128.and(over, width))
          row = i32x4.sub(row, over)
        }
        const top = i32x4.add(i32x4.mul(row, i32x4.splat(strideH)), i32x4.splat(ky * dilationH - padTop))
        const left = i32x4.add(i32x4.mul(column, i32x4.splat(strideW)), i32x4.splat(kx * dilationW - padLeft))
        const py = f32x4.add(f32x4.convert_i32x4_s(top), v128.load(offset + at))
        const px = f32x4.add(f32x4.convert_i32x4_s(left), v128.load(offset + at + outBytes))
        findPairs(px, w, x)
        findPairs(py, h, y)
        joinPlaces(y, x, w, record)
        const inside = v128.and(reaches(py, h), reaches(px, w))
        const w0 = v128.and(v128.load(x + PAIR_WEIGHTS), inside), w1 = v128.and(v128.load(x + PAIR_WEIGHTS, 16), inside)
        const h0 = v128.and(v128.load(y + PAIR_WEIGHTS), inside), h1 = v128.and(v128.load(y + PAIR_WEIGHTS, 16), inside)
        v128.store(record + WEIGHTS, f32x4.mul(h0, w0))
        v128.store(record + WEIGHTS, f32x4.mul(h0, w1), 16)
        v128.store(record + WEIGHTS, f32x4.mul(h1, w0), 32)
        v128.store(record + WEIGHTS, f32x4.mul(h1, w1), 48)
        v128.store(record + FACTOR, mask ? v128.load(maskAt) : f32x4.splat(1))
        column = i32x4.add(column, i32x4.splat(4))
      }
      const out = columns + (<usize>tap * n + begin << 2)
      samplePlanes<OneSum>(input, channels, <usize>(h * w) << 2, rowBytes, records, count, out, <usize>taps * outBytes)
    }
  }
}
